import type { Context } from '#context.ts'
import { about, type Environment } from '#domain/functions/runtime/environment.ts'

/** @throws Error if the key that sealed the environment is not available */
export async function openSealedEnvironment(
  { vault }: Context,
  { applicationId, sealed }: { applicationId: number; sealed: Uint8Array },
): Promise<Environment> {
  return JSON.parse(await vault.open(sealed, about(applicationId)))
}
