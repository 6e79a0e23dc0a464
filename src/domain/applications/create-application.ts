import { v4 as uuid } from 'uuid'
import { insertApplication } from '#data/applications/applications.ts'
import type { Tx } from '#data/database.ts'
import { generateSecret, hashSecret } from '#domain/applications/secrets.ts'

export interface NewCredentials {
  clientId: string
  clientSecret: string
  apiKey: string
}

/**
 * Creates an application. Missing credentials are generated; the client id differs from the API key, which is public.
 * @param cost scrypt cost for hashing the client secret; the usual one if absent
 */
export async function createApplication(
  tx: Tx,
  name: string,
  given: Partial<NewCredentials> = {},
  cost?: number,
): Promise<NewCredentials> {
  const credentials = {
    apiKey: given.apiKey ?? uuid(),
    clientId: given.clientId ?? uuid(),
    clientSecret: given.clientSecret ?? generateSecret(),
  }
  await insertApplication(tx, {
    name,
    key: credentials.apiKey,
    clientId: credentials.clientId,
    secretHash: await hashSecret(credentials.clientSecret, cost),
  })
  return credentials
}
