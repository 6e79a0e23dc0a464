import type { Readable } from 'node:stream'
import type { Context } from '#context.ts'
import { findStanding } from '#data/channels/memberships.ts'
import { findFile, type KeptFile } from '#data/files.ts'
import { isVisible } from '#domain/access/channel.ts'
import { checkGrant } from '#domain/applications/check-grant.ts'
import { checkToken } from '#domain/applications/check-token.ts'
import { ChatError, mustExist, notFound } from '#errors.ts'

/** The credentials of a reader: a backend has a token, a user a read grant. */
export interface FileReader {
  token?: string | undefined
  grant?: string | undefined
}

export interface ReadableFile extends KeptFile {
  /** Opens the bytes, or a range of them, both ends included. */
  open(range?: { start: number; end: number }): Promise<Readable>
}

/**
 * Returns a file that the reader may read: display pictures are public, all other files belong to their application. A
 * grant only permits files of messages in channels that its user may see at the moment.
 * @throws ChatError 404, also for a file that the reader must not know of; 401 without credentials, 403 if the grant is
 * not valid
 */
export async function getFile(ctx: Context, reader: FileReader, key: string): Promise<ReadableFile> {
  const file = mustExist(await findFile(ctx.db, key), 'file', key)
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

/** Requires any read scope, since no operation, and so no scope, is documented for files. */
async function applicationOfToken(ctx: Context, token: string | undefined): Promise<number> {
  const { applicationId, scopes } = await checkToken(ctx, token)
  if (!scopes.some((scope) => scope.startsWith('read:'))) {
    throw new ChatError('insufficient_scope', 'The token lacks a scope to read')
  }
  return applicationId
}
