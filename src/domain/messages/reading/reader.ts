import type { Context } from '#context.ts'
import type { Reader } from '#data/messages/reading.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'

/** Returns the caller as a reader. */
export function readerOf({ tracing }: Pick<Context, 'tracing'>, caller: UserCaller): Reader {
  const { applicationId, userId } = caller
  const traceparent = tracing?.current
  return { applicationId, userId, cause: { ...causeOf(caller), ...(traceparent && { traceparent }) } }
}
