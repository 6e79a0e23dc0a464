import type { Context } from '#context.ts'
import { replaceSecret } from '#data/applications/applications.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { referredApplication } from '#domain/applications/referred-application.ts'
import { generateSecret, hashSecret } from '#domain/applications/secrets.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustBeThere, notFound } from '#errors.ts'

export interface RotatedSecret {
  id: number
  clientId: string
  clientSecret: string
  /** ISO time; only where the old secret is taken a while longer. */
  oldSecretUntil?: string
}

/** 30 days: an overlap that nobody ends is two secrets for ever. */
export const overlapMaxMs = 30 * 86_400_000

export interface Rotation {
  /** How long the old secret and its tokens go on; at most {@link overlapMaxMs}, not at all where absent. */
  overlapMs?: number
  /** Generated where absent. */
  clientSecret?: string
}

/**
 * Gives an application's client a new secret. Without an overlap the old one and every token it opened are void: at
 * once in this process, in others within the five seconds that they remember tokens. With one, both secrets open the
 * application meanwhile, and no token of the old one outlives it.
 * @throws ChatError 404
 */
export async function rotateSecret(
  ctx: Context,
  operator: OperatorCaller,
  reference: string,
  { overlapMs = 0, clientSecret = generateSecret() }: Rotation,
): Promise<RotatedSecret> {
  const { id, clientId } = await referredApplication(ctx, reference)
  if (!clientId) throw notFound('client of application', id)
  const secretHash = await hashSecret(clientSecret)
  const oldSecretUntil = await ctx.db.transact(async (tx) => {
    const replaced = await replaceSecret(tx, clientId, secretHash, overlapMs)
    const until = mustBeThere(replaced, 'client of application', id)
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
