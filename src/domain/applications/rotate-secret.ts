import type { Context } from '#context.ts'
import { replaceSecret } from '#data/applications.ts'
import { referredApplication } from '#domain/applications/list-applications.ts'
import { generateSecret, hashSecret } from '#domain/applications/secrets.ts'
import { notFound } from '#errors.ts'

export interface RotatedSecret {
  id: number
  clientId: string
  clientSecret: string
}

/**
 * Gives an application's client a new secret. The old one and every token it opened are void: at once in this
 * process, in others within the five seconds that they remember tokens.
 * @throws ChatError 404
 */
export async function rotateSecret(ctx: Context, reference: string): Promise<RotatedSecret> {
  const { id, clientId } = await referredApplication(ctx, reference)
  if (!clientId) throw notFound('client of application', id)
  const clientSecret = generateSecret()
  const secretHash = await hashSecret(clientSecret)
  await ctx.db.transact((tx) => replaceSecret(tx, clientId, secretHash))
  ctx.tokens.forget()
  return { id, clientId, clientSecret }
}
