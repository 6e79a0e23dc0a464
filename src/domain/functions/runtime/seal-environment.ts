import type { Context } from '#context.ts'
import { about, type Environment } from '#domain/functions/runtime/environment.ts'

export function sealEnvironment(
  { vault }: Context,
  applicationId: number,
  environment: Environment,
): Promise<Uint8Array<ArrayBuffer>> {
  return vault.seal(JSON.stringify(environment), about(applicationId))
}
