import type { Context } from '#context.ts'
import { findCredential, findFirstCredential } from '#data/applications/applications.ts'

/** The client id and the API key of the application that the server came up with; undefined where it is deleted. */
export async function findFirstKey({
  config,
  db,
}: Context): Promise<{ clientId: string; apiKey: string } | undefined> {
  const { clientId } = config
  const found = clientId ? await findCredential(db, clientId) : await findFirstCredential(db)
  return found && { clientId: found.clientId, apiKey: found.applicationKey }
}
