import type { Reader } from '#data/messages/reading.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'

/** The caller as one who reads. */
export function readerOf(caller: UserCaller): Reader {
  const { applicationId, userId } = caller
  return { applicationId, userId, cause: causeOf(caller) }
}
