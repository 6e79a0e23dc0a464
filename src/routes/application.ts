import type { Context } from '#context.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { getSettings } from '#domain/applications/get-settings.ts'
import { updateSettings } from '#domain/applications/update-settings.ts'
import {
  applicationResource,
  applicationSettingsResource,
  UpdateApplicationSettings,
} from '#resources/application.ts'
import { one, operation } from '#routes/operation.ts'

const tag = 'Application'

export const applicationOperations = (ctx: Context) => [
  operation({
    id: 'retrieveApplication',
    tag,
    summary: 'Retrieve the authenticated application',
    method: 'GET',
    path: '/application',
    scopes: ['read:application'],
    about: 'application',
    answer: one(applicationResource),
    handle: (caller) => getApplication(ctx, caller),
  }),
  operation({
    id: 'retrieveApplicationSettings',
    tag,
    summary: 'Retrieve the authenticated application settings',
    method: 'GET',
    path: '/application/settings',
    scopes: ['read:application'],
    about: 'application_settings',
    answer: one(applicationSettingsResource),
    handle: (caller) => getSettings(ctx, caller),
  }),
  operation({
    id: 'updateApplicationSettings',
    tag,
    summary: 'Update the authenticated application settings',
    method: 'PUT',
    path: '/application/settings',
    scopes: ['update:application'],
    about: 'application_settings',
    body: UpdateApplicationSettings,
    answer: one(applicationSettingsResource),
    handle: (caller, { body }) => updateSettings(ctx, caller, body),
  }),
]
