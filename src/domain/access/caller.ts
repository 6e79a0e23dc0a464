// Callers, and what their tokens permit.
import type { OperatorCaller } from '#domain/access/operator.ts'
import { ChatError } from '#errors.ts'
import type { Cause } from '#resources/events.ts'

/** A backend that presents a token of its application. */
export interface ApplicationCaller {
  kind: 'application'
  applicationId: number
  /** For example `read:*` or `create:message`. */
  scopes: readonly string[]
  /** The client that the token was issued to. */
  clientId?: string
  /** The address that the request comes from. */
  address?: string
  /** The operator who acts in place of a backend, through the admin API. */
  operator?: OperatorCaller
}

/**
 * Returns the caller for what the server does as a backend would. It has no scopes: routes check those, verbs do not.
 */
export function backendOf(applicationId: number): ApplicationCaller {
  return { kind: 'application', applicationId, scopes: [] }
}

/** A user on one of their devices, through the real-time API. */
export interface UserCaller {
  kind: 'user'
  applicationId: number
  userId: number
  /** The key of the user's session. */
  session: string
  /** The receipt of the action being performed, which the event that answers the action carries. */
  receipt?: string
}

export type Caller = ApplicationCaller | UserCaller

/** Returns the part of an event that describes the action behind it; empty if a backend acted. */
export function causeOf(caller: Caller): Partial<Cause> {
  if (caller.kind === 'application') return {}
  const { userId: by, session, receipt } = caller
  return { by, session, ...(receipt !== undefined && { receipt }) }
}

/** The scopes of a token that was requested without any (contract section a). */
export const defaultScopes = ['create:*', 'read:*', 'update:*', 'delete:*'] as const

/**
 * Requires the caller to hold each scope, or the wildcard of its verb (contract section a).
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
