import type { Context } from '#context.ts'
import { findCredential, findFirstCredential, lockFirstApplication } from '#data/applications/applications.ts'
import type { Tx } from '#data/database.ts'
import { createApplication, type NewCredentials } from '#domain/applications/create-application.ts'
import { isSecret, leastCost } from '#domain/applications/secrets.ts'
import { isConstraintError } from '#errors.ts'
import { draftCredentials, readCredentials, settleCredentials } from '#secrets/kept-credentials.ts'

export interface FirstApplication {
  clientId: string
  apiKey: string
  isNew: boolean
  /** Whether the credentials are stored in the home folder. */
  isKept: boolean
  /** Present only if it has just been generated: a secret from the settings is never shown. */
  clientSecret?: string
  /** Whether the secret from the settings is in force; absent if the settings give none. */
  isGivenSecretInForce?: boolean
}

/**
 * Ensures that an application exists, with the credentials from the settings if given, and that its credentials are
 * kept in the home folder, even if this process crashes. An existing application keeps its secret, whatever the
 * settings say, because it may have been rotated.
 * @throws Error for the operator, if the settings give a new client the API key of another application
 */
export async function ensureFirstApplication(ctx: Context): Promise<FirstApplication> {
  const { clientId, clientSecret: given, home } = ctx.config
  const found = await ctx.db.transact(async (tx): Promise<Omit<FirstApplication, 'isKept'>> => {
    await lockFirstApplication(tx)
    const existing = clientId ? await findCredential(ctx.db, clientId) : await findFirstCredential(ctx.db)
    if (!existing) {
      const { clientSecret, ...created } = await createFirst(ctx, tx)
      await draftCredentials(home, { ...created, clientSecret })
      return { ...created, isNew: true, ...(given ? { isGivenSecretInForce: true } : { clientSecret }) }
    }
    return {
      clientId: existing.clientId,
      apiKey: existing.applicationKey,
      isNew: false,
      ...(given && { isGivenSecretInForce: await isSecret(given, existing.secretHash) }),
    }
  })
  await settleCredentials(home, found.clientId)
  const first = { ...found, isKept: (await readCredentials(home))?.clientId === found.clientId }
  if (first.isGivenSecretInForce === false) {
    ctx.log.warn(
      { clientId: first.clientId },
      'CHATTERIE_CLIENT_SECRET is not in force: this client has another secret, given to it by a rotation or by an earlier start; `chatterie applications rotate-secret --from-environment` puts it in force',
    )
  }
  return first
}

function createFirst({ config }: Context, tx: Tx): Promise<NewCredentials> {
  const { clientId, clientSecret, apiKey } = config
  const given = {
    ...(clientId && { clientId }),
    ...(clientSecret && { clientSecret }),
    ...(apiKey && { apiKey }),
  }
  // Tests request tokens all the time, and a generated secret cannot be guessed even if its hash is cheap.
  const cost = config.testApi && !clientSecret ? leastCost : undefined
  return createApplication(tx, 'My application', given, cost).catch((error) => {
    if (!isConstraintError(error, 'unique')) throw error
    throw new Error(`CHATTERIE_API_KEY is that of another application than CHATTERIE_CLIENT_ID ${clientId}`)
  })
}
