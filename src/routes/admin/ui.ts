// Operations on the content and appearance of an application's chat user interfaces.
import { z } from 'zod'
import type { Context } from '#context.ts'
import { getUi } from '#domain/applications/get-ui.ts'
import { setUi } from '#domain/applications/set-ui.ts'
import { AdminUi } from '#resources/admin/application.ts'
import { type UiPart, uiShapes } from '#resources/ui.ts'
import { insideOperation, oneOf } from '#routes/admin/operation.ts'

const about = { tag: 'Look', about: 'ui' }

export const uiAdminOperations = (ctx: Context) => [
  insideOperation({
    ...about,
    id: 'retrieveUi',
    summary: 'Retrieve the look of the chat',
    description:
      'Retrieves what users can do and see, the styles and the templates, with the defaults of what is not set.',
    route: 'GET /ui',
    right: 'read settings',
    answer: oneOf(AdminUi),
    handle: (caller) => getUi(ctx, caller),
  }),
  ...(['features', 'styles', 'elements'] as const).map((part) => replaceOperation(ctx, part)),
]

const names = {
  features: ['setUiFeatures', 'Set what users can do and see', 'SetUiFeatures'],
  styles: ['setUiStyles', 'Set the styles of the chat', 'SetUiStyles'],
  elements: ['setUiElements', 'Set the templates of the chat', 'SetUiElements'],
} as const

function replaceOperation(ctx: Context, part: UiPart) {
  const [id, summary, bodyId] = names[part]
  return insideOperation({
    ...about,
    id,
    summary,
    description: 'Replaces these settings. Open chats change immediately.',
    route: `PUT /ui/${part}`,
    right: 'change settings',
    body: z.object({ settings: uiShapes[part] }).meta({ id: bodyId }),
    answer: oneOf(AdminUi),
    handle: (caller, { body }) => setUi(ctx, caller, part, body.settings),
  })
}
