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

const tag = 'Application'

export const applicationOperations = (ctx: Context) => [
  operation({
    id: 'retrieveApplication',
    tag,
    summary: 'Retrieve the authenticated application',
    description: 'The application that the token belongs to, and links to everything in it.',
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
    description: 'What users of the application may do on their own.',
    method: 'GET',
    path: '/application/settings',
    scopes: ['read:application'],
    about: 'application_settings',
    answer: one(applicationSettingsResource),
    handle: (caller) => getSettings(ctx, caller),
  }),
  operation({
    id: 'retrieveApplicationMessageReadReceiptSummaries',
    tag,
    about: 'read_receipt_summary',
    summary: 'Retrieve message read receipt summaries',
    description: 'How many messages each member of each channel has yet to read.',
    method: 'GET',
    path: '/application/message-read-receipt-summaries',
    scopes: ['read:message'],
    answer: pageOf(readReceiptSummaryResource),
    handle: (caller, { page }) => listReadReceiptSummaries(ctx, caller, page),
  }),
  operation({
    id: 'updateApplicationSettings',
    tag,
    summary: 'Update the authenticated application settings',
    description:
      'Changes the settings that are given, flat or under `features`; the others stay as they are.',
    method: 'PUT',
    path: '/application/settings',
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
 * The hosted documentation says that the API can do this, and has no such operation. Who has the credentials of an
 * application can destroy it by this, so that it is there only where the operator wants it.
 */
export const deleteApplicationOperation = (ctx: Context) =>
  operation({
    id: 'deleteApplication',
    tag,
    summary: 'Delete the authenticated application',
    description: 'Removes the application with everything in it. Answers with what it was.',
    method: 'DELETE',
    path: '/application',
    scopes: ['read:application', 'delete:application'],
    about: 'application',
    answer: one(applicationResource),
    handle: async (caller) => {
      const application = await getApplication(ctx, caller)
      await deleteApplication(ctx, caller, application.key)
      return application
    },
  })

/** Not official ones: on the hosted service the dashboard does this. */
function uiOperations(ctx: Context, part: UiPart, name: string) {
  const resource = uiResources[part]
  const common = { tag, path: `/application/ui/${part}`, about: resource.name, answer: one(resource) }
  return [
    operation({
      ...common,
      id: `retrieveApplicationUi${name}`,
      summary: `Retrieve the ${part} of chat user interfaces`,
      description: 'What is set, and what holds where nothing is.',
      method: 'GET',
      scopes: ['read:application'],
      handle: async (caller) => ({ settings: (await getUi(ctx, caller))[part] }),
    }),
    operation({
      ...common,
      id: `updateApplicationUi${name}`,
      summary: `Set the ${part} of chat user interfaces`,
      description: 'Takes the place of what was set. Interfaces that are open change at once.',
      method: 'PUT',
      scopes: ['update:application'],
      body: resource.shape,
      handle: async (caller, { body }) => ({
        settings: (await setUi(ctx, caller, part, body.settings))[part],
      }),
    }),
  ]
}
