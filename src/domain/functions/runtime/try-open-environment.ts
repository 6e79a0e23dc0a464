import type { Context } from '#context.ts'
import type { Environment } from '#domain/functions/runtime/environment.ts'
import { openSealedEnvironment } from '#domain/functions/runtime/open-sealed-environment.ts'

/** Returns undefined if the environment cannot be opened, and logs why. */
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
