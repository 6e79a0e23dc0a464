import type { Context } from '#context.ts'
import { findCredential, findFirstCredential } from '#data/applications/applications.ts'

/** Returns the client id and the API key of the server's first application; undefined if it is deleted. */
export async function findFirstKey({
  config,
  db,
}: Context): Promise<{ clientId: string; apiKey: string } | undefined> {
  const { clientId } = config
  const found = clientId ? await findCredential(db, clientId) : await findFirstCredential(db)
  return found && { clientId: found.clientId, apiKey: found.applicationKey }
}
