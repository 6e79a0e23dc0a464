import type { Context } from '#context.ts'
import { findMissingNodes, giveBackOrphans } from '#data/functions/function-runs.ts'

/** A process that lost its connection for a moment is back by then, and still executes its runs. */
const graceMs = 3_000

/** The processes with runs that do not appear to be alive, and since when, by `performance.now()`. */
export type MissingNodes = ReadonlyMap<number, number>

/**
 * Releases the runs that were claimed by processes that have been missing for a while.
 * @param missing what the last call returned
 */
export async function giveBackRunsOfTheDead(
  ctx: Context,
  missing: MissingNodes,
  now = performance.now(),
): Promise<MissingNodes> {
  const found = new Map((await findMissingNodes(ctx.db)).map((node) => [node, missing.get(node) ?? now]))
  const dead = [...found].filter(([, since]) => now - since >= graceMs).map(([node]) => node)
  if (dead.length > 0) await giveBackOrphans(ctx.db, dead)
  for (const node of dead) found.delete(node)
  return found
}
