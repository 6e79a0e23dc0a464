import type { Readable } from 'node:stream'
import type { Context } from '#context.ts'
import { findFile, type KeptFile } from '#data/files.ts'
import { findUser } from '#data/users.ts'
import { checkToken } from '#domain/applications/check-token.ts'
import { ChatError, notFound } from '#errors.ts'

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
 * A file for whoever may read it: display pictures are public, everything else belongs to its application.
 * @throws ChatError 404, 401 without a proof, 403 with a grant that is not valid
 */
export async function getFile(ctx: Context, reader: FileReader, key: string): Promise<ReadableFile> {
  const file = await findFile(ctx.db, key)
  if (!file) throw notFound('file', key)
  if (!file.isPublic && (await applicationOf(ctx, reader)) !== file.applicationId) throw notFound('file', key)
  return { ...file, open: (range) => ctx.files.open(key, range) }
}

async function applicationOf(ctx: Context, { token, grant }: FileReader): Promise<number> {
  if (token !== undefined || grant === undefined) return applicationOfToken(ctx, token)
  const granted = await ctx.grants.check(grant, 'read')
  if (!granted || !(await findUser(ctx.db, granted.applicationId, granted.userId))) {
    throw new ChatError('access_denied', 'The grant is unknown or expired')
  }
  return granted.applicationId
}

/** No operation is documented for files, so any scope to read something will do. */
async function applicationOfToken(ctx: Context, token: string | undefined): Promise<number> {
  const { applicationId, scopes } = await checkToken(ctx, token)
  if (!scopes.some((scope) => scope.startsWith('read:'))) {
    throw new ChatError('insufficient_scope', 'The token lacks a scope to read')
  }
  return applicationId
}
