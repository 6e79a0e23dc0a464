import type { Context } from '#context.ts'
import { preparedOf } from '#domain/functions/runs/prepared-of.ts'

/** Clears what is cached for runs, because ids may now refer to other contents. */
export function forgetPrepared(ctx: Context): void {
  for (const cache of Object.values(preparedOf(ctx))) cache.clear()
}
