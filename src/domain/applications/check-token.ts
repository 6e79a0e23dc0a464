import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'

/**
 * Returns the caller that a bearer token identifies.
 * @throws ChatError 401: unauthorized without a token, invalid_token if it is unknown, expired or revoked
 */
export async function checkToken(
  ctx: Context,
  token: string | undefined,
  address?: string,
): Promise<ApplicationCaller> {
  if (!token) throw new ChatError('unauthorized', 'Full authentication is required to access this resource')
  const found = await ctx.tokens.find(token)
  if (!found) throw new ChatError('invalid_token', 'The access token is unknown, expired or revoked')
  const { applicationId, clientId, scope } = found
  return {
    kind: 'application',
    applicationId,
    clientId,
    scopes: scope.split(' '),
    ...(address && { address }),
  }
}
