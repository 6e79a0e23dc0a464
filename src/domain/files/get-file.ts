import type { Readable } from 'node:stream'
import type { Context } from '#context.ts'
import { findStanding } from '#data/channels/memberships.ts'
import { findFile, type KeptFile } from '#data/files.ts'
import { isVisible } from '#domain/access/channel.ts'
import { checkGrant } from '#domain/applications/check-grant.ts'
import { checkToken } from '#domain/applications/check-token.ts'
import { ChatError, mustBeThere, notFound } from '#errors.ts'

/** How a reader proves who it is: a backend by its token, a user by a read grant. */
export interface FileReader {
  token?: string | undefined
  grant?: string | undefined
}

export interface ReadableFile extends KeptFile {
  /** Its bytes, or a range of them, ends included. */
  open(range?: { start: number; end: number }): Promise<Readable>
}

/**
 * A file for whoever may read it: display pictures are public, everything else belongs to its application. A grant
 * opens what its user can see, which are the files of messages in channels that it may see now.
 * @throws ChatError 404, also for a file that the reader must not know of; 401 without a proof, 403 with a grant that
 * is not valid
 */
export async function getFile(ctx: Context, reader: FileReader, key: string): Promise<ReadableFile> {
  const file = mustBeThere(await findFile(ctx.db, key), 'file', key)
  if (!file.isPublic && !(await mayRead(ctx, reader, file))) throw notFound('file', key)
  return { ...file, open: (range) => ctx.files.open(key, range) }
}

async function mayRead(ctx: Context, { token, grant }: FileReader, file: KeptFile): Promise<boolean> {
  if (token !== undefined || grant === undefined) {
    return (await applicationOfToken(ctx, token)) === file.applicationId
  }
  const { applicationId, userId } = await checkGrant(ctx, 'read', grant)
  if (applicationId !== file.applicationId || file.channelId === undefined) return false
  const standing = await findStanding(ctx.db, file.channelId, userId)
  return standing !== undefined && isVisible(standing)
}

/** No operation is documented for files, so any scope to read something will do. */
async function applicationOfToken(ctx: Context, token: string | undefined): Promise<number> {
  const { applicationId, scopes } = await checkToken(ctx, token)
  if (!scopes.some((scope) => scope.startsWith('read:'))) {
    throw new ChatError('insufficient_scope', 'The token lacks a scope to read')
  }
  return applicationId
}
