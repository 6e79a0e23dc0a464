// Who calls, and what they may do.
import { ChatError } from '#errors.ts'

/** A backend that holds a token of its application. */
export interface ApplicationCaller {
  kind: 'application'
  applicationId: number
  /** Such as `read:*` or `create:message`. */
  scopes: readonly string[]
}

export type Caller = ApplicationCaller

/** The scopes of a token for which none were asked (contract section a). */
export const defaultScopes = ['create:*', 'read:*', 'update:*', 'delete:*'] as const

/**
 * Lets pass who holds each scope, or the wildcard of its verb (contract section a).
 * @throws ChatError 403 insufficient_scope
 */
export function mustHaveScopes(caller: ApplicationCaller, wanted: readonly string[]): void {
  const lacking = wanted.find((scope) => !holds(caller.scopes, scope))
  if (lacking !== undefined) {
    throw new ChatError('insufficient_scope', `The token lacks the scope ${lacking}`)
  }
}

function holds(scopes: readonly string[], wanted: string): boolean {
  return scopes.includes(wanted) || scopes.includes(`${wanted.split(':')[0]}:*`)
}
