import type { Context } from '#context.ts'
import { findCredential } from '#data/applications/applications.ts'

/** The id of the application that a client belongs to, whether its secret is known or not. */
export async function findClientApplication(ctx: Context, clientId: string): Promise<number | undefined> {
  return (await findCredential(ctx.db, clientId))?.applicationId
}
