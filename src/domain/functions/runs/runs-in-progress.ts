import type { Context } from '#context.ts'

const inProgress = new WeakMap<Context, Set<number>>()

/** The invocations that this process is executing or whose outcome it is recording, by id. */
export function runsInProgress(ctx: Context): Set<number> {
  const known = inProgress.get(ctx)
  if (known) return known
  const made = new Set<number>()
  inProgress.set(ctx, made)
  return made
}
