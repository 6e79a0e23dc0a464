import { v4 as uuid } from 'uuid'
import { insertApplication } from '#data/applications.ts'
import type { Tx } from '#data/database.ts'
import { generateSecret, hashSecret } from '#domain/applications/secrets.ts'

export interface NewCredentials {
  clientId: string
  clientSecret: string
  apiKey: string
}

/** Creates an application; what is not given is generated. The client id is the API key, as in hosted applications. */
export async function createApplication(
  tx: Tx,
  name: string,
  given: Partial<NewCredentials> = {},
): Promise<NewCredentials> {
  const apiKey = given.apiKey ?? uuid()
  const credentials = {
    apiKey,
    clientId: given.clientId ?? apiKey,
    clientSecret: given.clientSecret ?? generateSecret(),
  }
  await insertApplication(tx, {
    name,
    key: apiKey,
    clientId: credentials.clientId,
    secretHash: await hashSecret(credentials.clientSecret),
  })
  return credentials
}
