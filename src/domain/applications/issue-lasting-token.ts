import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { findCredential } from '#data/applications/applications.ts'
import { insertToken } from '#data/applications/tokens.ts'
import { defaultScopes } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'

/** Issues a token for all scopes of a client's application that never expires, whatever time the clock shows. */
export async function issueLastingToken(ctx: Context, clientId: string): Promise<string> {
  const credential = mustExist(await findCredential(ctx.db, clientId), 'client', clientId)
  const token = uuid()
  await insertToken(ctx.db, token, {
    applicationId: credential.applicationId,
    clientId,
    scope: defaultScopes.join(' '),
    expiresAt: Date.UTC(9999),
  })
  return token
}
