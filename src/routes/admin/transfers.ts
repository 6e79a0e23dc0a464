// Operations for imports into and exports from an application.
import { z } from 'zod'
import type { Context } from '#context.ts'
import { openJobFile } from '#domain/jobs/open-job-file.ts'
import { startExport } from '#domain/jobs/start-export.ts'
import { startImport } from '#domain/jobs/start-import.ts'
import { AdminJob } from '#resources/admin/activity.ts'
import type { ExportType, ImportType } from '#resources/job.ts'
import { formOperation, insideOperation, oneOf, textOf } from '#routes/admin/operation.ts'
import { sendFile } from '#routes/files.ts'
import { keeping } from '#routes/imports.ts'
import type { Route } from '#routes/mount.ts'
import { PathId } from '#routes/operation.ts'

const ofImports = {
  tag: 'Imports',
  about: 'import',
  right: 'import',
  status: 202,
  answer: oneOf(AdminJob),
} as const
const ofExports = {
  tag: 'Exports',
  about: 'job',
  right: 'export',
  status: 202,
  answer: oneOf(AdminJob),
} as const

const description =
  'Takes a JSON array as the part `file` of a multipart form, as the Platform API does. Items are stored in the background: the job has the progress and the items that could not be stored.'

export const transferOperations = (ctx: Context) => {
  const importOf = (id: string, summary: string, route: Route, type: ImportType) =>
    formOperation({
      ...ofImports,
      id,
      summary,
      description,
      route,
      form: {
        storage: keeping(ctx),
        handle: (caller, { file }) => startImport(ctx, caller, type, { fileKey: file }),
      },
    })
  const exportOf = (id: string, summary: string, route: Route, type: ExportType) =>
    insideOperation({
      ...ofExports,
      id,
      summary,
      description: 'Starts an export. Once the job is FINISHED, its file is a CSV with a row for each item.',
      route,
      handle: (caller) => startExport(ctx, caller, type),
    })
  return [
    importOf('importUsers', 'Import users', 'POST /imports/users', 'USER_IMPORT'),
    importOf('importChannels', 'Import channels', 'POST /imports/channels', 'CHANNEL_IMPORT'),
    importOf('importMessages', 'Import messages', 'POST /imports/messages', 'MESSAGE_IMPORT'),
    formOperation({
      ...ofImports,
      id: 'importChannelMembers',
      summary: 'Import members of a channel',
      description: `${description} Existing members remain members.`,
      route: 'POST /imports/channels/:channelId/members',
      params: z.object({ channelId: PathId }),
      form: {
        storage: keeping(ctx),
        handle: (caller, { params: { channelId }, file }) =>
          startImport(ctx, caller, 'CHANNEL_MEMBERS_IMPORT', { fileKey: file, channelId }),
      },
    }),
    exportOf('exportMessages', 'Export messages', 'POST /exports/messages', 'MESSAGE_ANALYTICS_EXPORT'),
    exportOf('exportUsers', 'Export users', 'POST /exports/users', 'USER_ANALYTICS_EXPORT'),
    insideOperation({
      ...ofExports,
      id: 'downloadJobFile',
      summary: 'Download the file of a job',
      description:
        'Downloads the file that a job created: all of it, or the part given by the header `Range`.',
      route: 'GET /jobs/:jobId/file',
      status: 200,
      params: z.object({ jobId: PathId }),
      answer: textOf('text/csv', 'application/zip'),
      handle: async (caller, { params, request, reply }) =>
        sendFile(await openJobFile(ctx, caller, params.jobId), request, reply, 'never'),
    }),
  ]
}
