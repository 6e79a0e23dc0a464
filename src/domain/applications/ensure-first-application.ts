import type { Context } from '#context.ts'
import {
  findCredential,
  findFirstCredential,
  lockFirstApplication,
  replaceSecret,
} from '#data/applications.ts'
import { createApplication } from '#domain/applications/create-application.ts'
import { hashSecret, isSecret } from '#domain/applications/secrets.ts'

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
 */
export async function ensureFirstApplication(ctx: Context): Promise<FirstApplication> {
  const { clientId, clientSecret, apiKey } = ctx.config
  return ctx.db.transact(async (tx) => {
    await lockFirstApplication(tx)
    const existing = clientId ? await findCredential(ctx.db, clientId) : await findFirstCredential(ctx.db)
    if (!existing) {
      const created = await createApplication(tx, 'My application', {
        ...(clientId && { clientId }),
        ...(clientSecret && { clientSecret }),
        ...(apiKey && { apiKey }),
      })
      return { ...created, isNew: true }
    }
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
