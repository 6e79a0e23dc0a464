import type { Context } from '#context.ts'
import { deleteApplication } from '#domain/applications/delete-application.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { getSettings } from '#domain/applications/get-settings.ts'
import { getUi } from '#domain/applications/get-ui.ts'
import { setUi } from '#domain/applications/set-ui.ts'
import { updateSettings } from '#domain/applications/update-settings.ts'
import { listReadReceiptSummaries } from '#domain/messages/reading/list-read-receipt-summaries.ts'
import {
  applicationResource,
  applicationSettingsResource,
  UpdateApplicationSettings,
} from '#resources/application.ts'
import { readReceiptSummaryResource } from '#resources/read-receipt.ts'
import { type UiPart, uiResources } from '#resources/ui.ts'
import { one, operation, pageOf } from '#routes/operation.ts'

const about = { tag: 'Application', about: 'application' }

export const applicationOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'retrieveApplication',
    summary: 'Retrieve the authenticated application',
    description: 'Retrieves the application that the token belongs to, with links to everything in it.',
    route: 'GET /application',
    scopes: ['read:application'],
    answer: one(applicationResource),
    handle: (caller) => getApplication(ctx, caller),
  }),
  operation({
    ...about,
    id: 'retrieveApplicationSettings',
    summary: 'Retrieve the authenticated application settings',
    description: 'Retrieves the settings that control what users of the application may do on their own.',
    route: 'GET /application/settings',
    scopes: ['read:application'],
    about: 'application_settings',
    answer: one(applicationSettingsResource),
    handle: (caller) => getSettings(ctx, caller),
  }),
  operation({
    ...about,
    id: 'retrieveApplicationMessageReadReceiptSummaries',
    about: 'read_receipt_summary',
    summary: 'Retrieve message read receipt summaries',
    description: 'Lists the number of unread messages of each member of each channel.',
    route: 'GET /application/message-read-receipt-summaries',
    scopes: ['read:message'],
    answer: pageOf(readReceiptSummaryResource),
    handle: (caller, { page }) => listReadReceiptSummaries(ctx, caller, page),
  }),
  operation({
    ...about,
    id: 'updateApplicationSettings',
    summary: 'Update the authenticated application settings',
    description: 'Updates the given settings, which are flat or under `features`. The others stay unchanged.',
    route: 'PUT /application/settings',
    scopes: ['update:application'],
    about: 'application_settings',
    body: UpdateApplicationSettings,
    answer: one(applicationSettingsResource),
    handle: (caller, { body }) => updateSettings(ctx, caller, body),
  }),
  ...uiOperations(ctx, 'elements', 'Elements'),
  ...uiOperations(ctx, 'features', 'Features'),
  ...uiOperations(ctx, 'styles', 'Styles'),
]

/**
 * The hosted documentation claims this feature but has no such operation. Anyone with the credentials of an application
 * could destroy it this way, so the operation exists only if the operator enables it.
 */
export const deleteApplicationOperation = (ctx: Context) =>
  operation({
    ...about,
    id: 'deleteApplication',
    summary: 'Delete the authenticated application',
    description: 'Deletes the application and everything in it. Returns the deleted application.',
    route: 'DELETE /application',
    scopes: ['read:application', 'delete:application'],
    answer: one(applicationResource),
    handle: async (caller) => {
      const application = await getApplication(ctx, caller)
      await deleteApplication(ctx, caller, application.key)
      return application
    },
  })

/** Unofficial operations: on the hosted service, the dashboard has this function. */
function uiOperations(ctx: Context, part: UiPart, name: string) {
  const resource = uiResources[part]
  const common = { ...about, about: resource.name, answer: one(resource) }
  return [
    operation({
      ...common,
      id: `retrieveApplicationUi${name}`,
      summary: `Retrieve the ${part} of chat user interfaces`,
      description: 'Retrieves these settings, with the defaults of those that are not set.',
      route: `GET /application/ui/${part}`,
      scopes: ['read:application'],
      handle: async (caller) => ({ settings: (await getUi(ctx, caller))[part] }),
    }),
    operation({
      ...common,
      id: `updateApplicationUi${name}`,
      summary: `Set the ${part} of chat user interfaces`,
      description: 'Replaces these settings. Open interfaces change immediately.',
      route: `PUT /application/ui/${part}`,
      scopes: ['update:application'],
      body: resource.shape,
      handle: async (caller, { body }) => ({
        settings: (await setUi(ctx, caller, part, body.settings))[part],
      }),
    }),
  ]
}
