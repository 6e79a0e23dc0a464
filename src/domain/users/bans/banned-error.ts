import type { Caller } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'
import type { Ban } from '#resources/admin/moderation.ts'

/** Returns the error for a banned user, or for a backend that sends on their behalf, as their API words it. */
export function bannedError(
  { reason, until }: Pick<Ban, 'reason' | 'until'>,
  callerKind: Caller['kind'],
): ChatError {
  const end = until === undefined ? '' : ` until ${until}`
  const message = reason === undefined ? `The user is banned${end}` : `The user is banned${end}: ${reason}`
  return new ChatError(callerKind === 'user' ? 'AccessDeniedError' : 'access_denied', message)
}
