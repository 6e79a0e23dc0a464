import type { Context } from '#context.ts'
import { preparedOf } from '#domain/functions/runs/prepared-of.ts'

/** Looks everything up again that runs need: what ids stand for may have changed. */
export function forgetPrepared(ctx: Context): void {
  for (const cache of Object.values(preparedOf(ctx))) cache.clear()
}
