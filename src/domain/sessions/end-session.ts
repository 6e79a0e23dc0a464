import type { Context } from '#context.ts'
import type { OpenSession } from '#domain/sessions/departures.ts'

/** Ends a session: its user leaves channels that no other session of theirs is in, and goes offline with the last. */
export function endSession(ctx: Context, session: OpenSession): Promise<void> {
  return ctx.departures.end(session)
}
