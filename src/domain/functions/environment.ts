// What functions find in their environment: the customer's variables, and the credentials of a client that is the
// runtime's own. Both are kept sealed, in one piece.

import type { Context } from '#context.ts'
import { putCredential } from '#data/applications/applications.ts'
import type { Tx } from '#data/database.ts'
import { type RuntimeRecord, updateRuntime } from '#data/functions/runtimes.ts'
import { generateSecret, hashSecret } from '#domain/applications/secrets.ts'
import { ChatError } from '#errors.ts'
import type { Application } from '#resources/application.ts'
import type { EnvironmentVariables } from '#resources/runtime.ts'

export interface Environment {
  clientId: string
  clientSecret: string
  variables: EnvironmentVariables
}

const about = (applicationId: number) => `the environment of application ${applicationId}`

/** @throws ChatError 500 where the key is another one than that it was sealed with */
export async function openEnvironment(
  ctx: Context,
  applicationId: number,
  { environment }: RuntimeRecord,
): Promise<Environment> {
  const opened = await tryOpenEnvironment(ctx, applicationId, environment)
  if (opened) return opened
  throw new ChatError('InternalServerError', 'The environment variables cannot be read: set them again')
}

/** Undefined where it cannot be opened, for which the log says why. */
export async function tryOpenEnvironment(
  ctx: Context,
  applicationId: number,
  environment: Uint8Array | null,
): Promise<Environment | undefined> {
  if (!environment) return undefined
  try {
    return await openSealedEnvironment(ctx, { applicationId, sealed: environment })
  } catch (error) {
    ctx.log.error({ err: error, applicationId }, 'environment variables were sealed with another key')
    return undefined
  }
}

/** @throws where its key is not at hand */
export async function openSealedEnvironment(
  { vault }: Context,
  { applicationId, sealed }: { applicationId: number; sealed: Uint8Array },
): Promise<Environment> {
  return JSON.parse(await vault.open(sealed, about(applicationId)))
}

export function sealEnvironment(
  { vault }: Context,
  applicationId: number,
  environment: Environment,
): Promise<Uint8Array<ArrayBuffer>> {
  return vault.seal(JSON.stringify(environment), about(applicationId))
}

export async function saveEnvironment(
  ctx: Context,
  tx: Tx,
  applicationId: number,
  environment: Environment,
): Promise<RuntimeRecord> {
  const sealed = await sealEnvironment(ctx, applicationId, environment)
  return updateRuntime(tx, applicationId, { environment: sealed })
}

/** A client for the runtime of an application; a secret it had before is void. */
export async function createRuntimeClient(
  tx: Tx,
  application: Pick<Application, 'id' | 'key'>,
): Promise<Pick<Environment, 'clientId' | 'clientSecret'>> {
  const client = { clientId: `${application.key}-runtime`, clientSecret: generateSecret() }
  const secretHash = await hashSecret(client.clientSecret)
  await putCredential(tx, { clientId: client.clientId, secretHash, applicationId: application.id })
  return client
}

/** Set by us; a customer's variable of such a name is passed over, so that what was read can be put back. */
export const presetNames: readonly string[] = [
  'CHATKITTY_CLIENT_ID',
  'CHATKITTY_CLIENT_SECRET',
  'CHATKITTY_CHAT_SERVICE_BASE_URL',
  'CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL',
  'CHATKITTY_APPLICATION_ID',
]

/** All variables as a document shows them: the customer's in full, the runtime's secret only by its beginning. */
export function shownVariables(
  ctx: Context,
  applicationId: number,
  environment: Environment,
): EnvironmentVariables {
  const { clientSecret } = environment
  const masked = `${clientSecret.slice(0, 4)}${'*'.repeat(clientSecret.length - 4)}`
  return variablesOf(ctx.baseUrl(), applicationId, { ...environment, clientSecret: masked })
}

/** All variables as functions find them. */
export function variablesOf(
  url: string,
  applicationId: number,
  { clientId, clientSecret, variables }: Environment,
): EnvironmentVariables {
  return {
    CHATKITTY_CLIENT_ID: clientId,
    CHATKITTY_CLIENT_SECRET: clientSecret,
    CHATKITTY_CHAT_SERVICE_BASE_URL: url,
    CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL: url,
    CHATKITTY_APPLICATION_ID: String(applicationId),
    ...variables,
  }
}
