import type { Context } from '#context.ts'
import { type Environment, variablesOf } from '#domain/functions/runtime/environment.ts'
import type { EnvironmentVariables } from '#resources/runtime.ts'

/** Returns all variables as responses show them: the runtime's secret is masked after its first 4 characters. */
export function shownVariables(
  ctx: Context,
  applicationId: number,
  environment: Environment,
): EnvironmentVariables {
  const { clientSecret } = environment
  const masked = `${clientSecret.slice(0, 4)}${'*'.repeat(clientSecret.length - 4)}`
  return variablesOf(ctx.baseUrl(), applicationId, { ...environment, clientSecret: masked })
}
