import type { Context } from '#context.ts'
import {
  findCredential,
  findFirstCredential,
  lockFirstApplication,
  replaceSecret,
} from '#data/applications.ts'
import type { Tx } from '#data/database.ts'
import { createApplication, type NewCredentials } from '#domain/applications/create-application.ts'
import { hashSecret, isSecret } from '#domain/applications/secrets.ts'
import { isConstraintError } from '#errors.ts'

export interface FirstApplication {
  clientId: string
  apiKey: string
  /** Only where it is new, or was given by the settings. */
  clientSecret?: string
  isNew: boolean
}

/**
 * Sees to it that there is an application, with the credentials of the settings where those name any. A secret in
 * the settings that differs from the stored one replaces it: the settings are the operator's word.
 * @throws Error for the operator, where the settings give a new client the API key of another application
 */
export async function ensureFirstApplication(ctx: Context): Promise<FirstApplication> {
  const { clientId, clientSecret } = ctx.config
  return ctx.db.transact(async (tx) => {
    await lockFirstApplication(tx)
    const existing = clientId ? await findCredential(ctx.db, clientId) : await findFirstCredential(ctx.db)
    if (!existing) return { ...(await createFirst(ctx, tx)), isNew: true }
    if (clientSecret && !(await isSecret(clientSecret, existing.secretHash))) {
      await replaceSecret(tx, existing.clientId, await hashSecret(clientSecret))
      ctx.log.warn({ clientId: existing.clientId }, 'the client secret was replaced by that of the settings')
    }
    return {
      clientId: existing.clientId,
      apiKey: existing.applicationKey,
      isNew: false,
      ...(clientSecret && { clientSecret }),
    }
  })
}

function createFirst({ config }: Context, tx: Tx): Promise<NewCredentials> {
  const { clientId, clientSecret, apiKey } = config
  return createApplication(tx, 'My application', {
    ...(clientId && { clientId }),
    ...(clientSecret && { clientSecret }),
    ...(apiKey && { apiKey }),
  }).catch((error) => {
    if (!isConstraintError(error, 'unique')) throw error
    throw new Error(`CHATTERIE_API_KEY is that of another application than CHATTERIE_CLIENT_ID ${clientId}`)
  })
}
