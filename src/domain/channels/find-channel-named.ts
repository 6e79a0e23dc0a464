import type { Context } from '#context.ts'
import { findChannelIds } from '#data/jobs/imports.ts'
import { notFound } from '#errors.ts'

/** Returns the id of the channel with exactly this name. @throws ChatError 404 */
export async function findChannelNamed(ctx: Context, applicationId: number, name: string): Promise<number> {
  const id = (await findChannelIds(ctx.db, applicationId, [name])).get(name)
  if (id === undefined) throw notFound('channel', name)
  return id
}
