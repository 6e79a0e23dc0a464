import type { Context } from '#context.ts'
import { findApplicationByKey } from '#data/applications/connect-rules.ts'

/** Returns the id of the application with this API key. */
export async function findKeyedApplication(ctx: Context, apiKey: string): Promise<number | undefined> {
  return (await findApplicationByKey(ctx.db, apiKey))?.id
}
