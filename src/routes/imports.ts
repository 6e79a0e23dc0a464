import { z } from 'zod'
import type { Context } from '#context.ts'
import { keepImportFile } from '#domain/jobs/keep-import-file.ts'
import { startImport } from '#domain/jobs/start-import.ts'
import { refused } from '#errors.ts'
import { jobResource } from '#resources/job.ts'
import { one, operation, WithId } from '#routes/operation.ts'
import type { Storage } from '#routes/upload.ts'

const tag = 'Imports'
const about = 'import'
const fields = z.object({})

const description =
  'Takes a JSON array as the part `file` of a multipart form. Items are stored in the background: ' +
  '`GET /jobs/{id}` tells how far that is, and which items could not be stored. An item whose ' +
  '`idempotencyKey` was imported before is done already.'

/** Keeps the file of the form. A failed request leaves it to expire: its job may have been committed all the same. */
export const keeping = (ctx: Context): Storage<string> => ({
  store: (caller, { bytes }) => keepImportFile(ctx, caller, bytes),
  discard: async () => {},
})

/** What is no form has no file. */
async function withoutForm(): Promise<never> {
  throw refused(about, 'file', 'missing_field', 'file is required: send a multipart form')
}

export const importOperations = (ctx: Context) => [
  operation({
    id: 'importUsers',
    tag,
    about,
    summary: 'Import users',
    description: `${description} A user whose name is there already is done already.`,
    method: 'POST',
    path: '/imports/users',
    scopes: ['create:user'],
    status: 202,
    answer: one(jobResource),
    handle: withoutForm,
    form: {
      fields,
      storage: keeping(ctx),
      handle: (caller, { file }) => startImport(ctx, caller, 'USER_IMPORT', { fileKey: file }),
    },
  }),
  operation({
    id: 'importChannels',
    tag,
    about,
    summary: 'Import channels',
    description: `${description} A channel whose equivalent is there already is done already.`,
    method: 'POST',
    path: '/imports/channels',
    scopes: ['create:channel'],
    status: 202,
    answer: one(jobResource),
    handle: withoutForm,
    form: {
      fields,
      storage: keeping(ctx),
      handle: (caller, { file }) => startImport(ctx, caller, 'CHANNEL_IMPORT', { fileKey: file }),
    },
  }),
  operation({
    id: 'importChannelMembers',
    tag,
    about,
    summary: 'Import channel members',
    description: `${description} Who is a member stays one.`,
    method: 'POST',
    path: '/imports/channels/:id/members',
    scopes: ['create:channel_membership'],
    status: 202,
    params: WithId,
    answer: one(jobResource),
    handle: withoutForm,
    form: {
      fields,
      storage: keeping(ctx),
      handle: (caller, { params, file }) =>
        startImport(ctx, caller, 'CHANNEL_MEMBERS_IMPORT', { fileKey: file, channelId: params.id }),
    },
  }),
  operation({
    id: 'importMessages',
    tag,
    about,
    summary: 'Import messages',
    description: `${description} Imported messages are history: nobody is notified of them.`,
    method: 'POST',
    path: '/imports/messages',
    scopes: ['create:message'],
    status: 202,
    answer: one(jobResource),
    handle: withoutForm,
    form: {
      fields,
      storage: keeping(ctx),
      handle: (caller, { file }) => startImport(ctx, caller, 'MESSAGE_IMPORT', { fileKey: file }),
    },
  }),
]
