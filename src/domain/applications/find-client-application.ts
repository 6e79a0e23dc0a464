import type { Context } from '#context.ts'
import { findCredential } from '#data/applications/applications.ts'

/** Returns the id of the application that a client belongs to, without checking the client's secret. */
export async function findClientApplication(ctx: Context, clientId: string): Promise<number | undefined> {
  return (await findCredential(ctx.db, clientId))?.applicationId
}
