import type { Context } from '#context.ts'
import { replaceSecret } from '#data/applications/applications.ts'
import { saveWorldSecret } from '#data/worlds/worlds.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { referredApplication } from '#domain/applications/referred-application.ts'
import { generateSecret, hashSecret } from '#domain/applications/secrets.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustExist, notFound } from '#errors.ts'
import type { RotatedSecret } from '#resources/admin/application.ts'

export interface Rotation {
  /** How long the old secret and its tokens stay valid; at most `overlapMaxSeconds`, and not at all if absent. */
  overlapMs?: number
  /** Generated if absent. */
  clientSecret?: string
}

/**
 * Gives an application's client a new secret. Without an overlap, the old secret and every token issued for it become
 * invalid: at once in this process, and within five seconds in others, which cache tokens that long. With an overlap,
 * both secrets are valid until its end, and no token of the old one outlives it.
 * @param reference the application's id, API key or client id
 * @returns the secret, and the id of the application
 * @throws ChatError 404
 */
export async function rotateSecret(
  ctx: Context,
  operator: OperatorCaller,
  reference: string,
  { overlapMs = 0, clientSecret = generateSecret() }: Rotation,
): Promise<RotatedSecret & { id: number }> {
  const { id, clientId } = await referredApplication(ctx, reference)
  if (!clientId) throw notFound('client of application', id)
  const secretHash = await hashSecret(clientSecret)
  const oldSecretUntil = await ctx.db.transact(async (tx) => {
    const replaced = await replaceSecret(tx, clientId, secretHash, overlapMs)
    const until = mustExist(replaced, 'client of application', id)
    await saveWorldSecret(tx, id, clientSecret)
    await noteAct(tx, operator, {
      action: 'application.secret_rotated',
      applicationId: id,
      target: { type: 'client', id: clientId },
      details: { overlapSeconds: overlapMs / 1_000 },
    })
    return until
  })
  ctx.tokens.forget()
  return { id, clientId, clientSecret, ...(oldSecretUntil !== null && { oldSecretUntil }) }
}
