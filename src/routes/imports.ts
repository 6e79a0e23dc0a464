import { z } from 'zod'
import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { keepImportFile } from '#domain/jobs/keep-import-file.ts'
import { startImport } from '#domain/jobs/start-import.ts'
import { type ImportType, jobResource } from '#resources/job.ts'
import { one, operation, WithId } from '#routes/operation.ts'
import { type Storage, withoutForm } from '#routes/upload.ts'

const description =
  'Takes a JSON array as the part `file` of a multipart form. Items are stored in the background: ' +
  '`GET /jobs/{id}` returns the progress and the items that could not be stored. An item whose ' +
  '`idempotencyKey` has already been imported counts as done.'

/** Stores the form's file. After a failed request it is left to expire, because its job may have been committed. */
export const keeping = (ctx: Context): Storage<string> => ({
  store: (caller, { bytes }) => keepImportFile(ctx, caller, bytes),
  discard: async () => {},
})

const ofImports = {
  tag: 'Imports',
  about: 'import',
  status: 202,
  answer: one(jobResource),
  handle: withoutForm('import'),
}
const fields = z.object({})

export const importOperations = (ctx: Context) => {
  const formOf = (type: ImportType) => ({
    fields,
    storage: keeping(ctx),
    handle: (
      caller: ApplicationCaller,
      { params: { id }, file }: { params: { id?: number }; file: string },
    ) => startImport(ctx, caller, type, { fileKey: file, ...(id !== undefined && { channelId: id }) }),
  })
  return [
    operation({
      ...ofImports,
      id: 'importUsers',
      summary: 'Import users',
      description: `${description} So does a user whose name already exists.`,
      route: 'POST /imports/users',
      scopes: ['create:user'],
      form: formOf('USER_IMPORT'),
    }),
    operation({
      ...ofImports,
      id: 'importChannels',
      summary: 'Import channels',
      description: `${description} So does a channel whose equivalent already exists.`,
      route: 'POST /imports/channels',
      scopes: ['create:channel'],
      form: formOf('CHANNEL_IMPORT'),
    }),
    operation({
      ...ofImports,
      id: 'importChannelMembers',
      summary: 'Import channel members',
      description: `${description} Existing members remain members.`,
      route: 'POST /imports/channels/:id/members',
      scopes: ['create:channel_membership'],
      params: WithId,
      form: formOf('CHANNEL_MEMBERS_IMPORT'),
    }),
    operation({
      ...ofImports,
      id: 'importMessages',
      summary: 'Import messages',
      description: `${description} Imported messages are history: nobody is notified about them.`,
      route: 'POST /imports/messages',
      scopes: ['create:message'],
      form: formOf('MESSAGE_IMPORT'),
    }),
  ]
}
