import { putCredential } from '#data/applications/applications.ts'
import { runtimeSuffix } from '#data/applications/own-client.ts'
import type { Tx } from '#data/database.ts'
import { generateSecret, hashSecret, leastCost } from '#domain/applications/secrets.ts'
import type { Environment } from '#domain/functions/runtime/environment.ts'
import type { Application } from '#resources/application.ts'

/** Creates a client for the runtime of an application; its previous secret becomes invalid. */
export async function createRuntimeClient(
  tx: Tx,
  application: Pick<Application, 'id' | 'key'>,
): Promise<Pick<Environment, 'clientId' | 'clientSecret'>> {
  const client = { clientId: `${application.key}${runtimeSuffix}`, clientSecret: generateSecret() }
  const secretHash = await hashSecret(client.clientSecret, leastCost)
  await putCredential(tx, { clientId: client.clientId, secretHash, applicationId: application.id })
  return client
}
