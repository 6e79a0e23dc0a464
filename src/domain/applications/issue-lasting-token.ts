import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { findCredential } from '#data/applications/applications.ts'
import { insertToken } from '#data/applications/tokens.ts'
import { defaultScopes } from '#domain/access/caller.ts'
import { mustBeThere } from '#errors.ts'

/** Gives a client a token for all of its application that never expires, wherever the clock is set to. */
export async function issueLastingToken(ctx: Context, clientId: string): Promise<string> {
  const credential = mustBeThere(await findCredential(ctx.db, clientId), 'client', clientId)
  const token = uuid()
  await insertToken(ctx.db, token, {
    applicationId: credential.applicationId,
    clientId,
    scope: defaultScopes.join(' '),
    expiresAt: Date.UTC(9999),
  })
  return token
}
