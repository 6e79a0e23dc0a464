// Who calls, and what their token lets them do.
import type { OperatorCaller } from '#domain/access/operator.ts'
import { ChatError } from '#errors.ts'
import type { Cause } from '#resources/events.ts'

/** A backend that holds a token of its application. */
export interface ApplicationCaller {
  kind: 'application'
  applicationId: number
  /** Such as `read:*` or `create:message`. */
  scopes: readonly string[]
  /** Whose token it is. */
  clientId?: string
  /** Where the request comes from. */
  address?: string
  /** Who acts in the place of a backend, through the admin API. */
  operator?: OperatorCaller
}

/** A user on one of its devices, through the real-time door. */
export interface UserCaller {
  kind: 'user'
  applicationId: number
  userId: number
  /** The key of its session. */
  session: string
  /** Of the action that it performs: the event that answers it carries it along. */
  receipt?: string
}

export type Caller = ApplicationCaller | UserCaller

/** What an event says of the action behind it; nothing where a backend acted. */
export function causeOf(caller: Caller): Partial<Cause> {
  if (caller.kind === 'application') return {}
  const { userId: by, session, receipt } = caller
  return { by, session, ...(receipt !== undefined && { receipt }) }
}

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
