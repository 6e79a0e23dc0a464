// The environment that an application's functions run in, with an access token.
import { v4 as uuid } from 'uuid'
import type { Context, RuntimeSpec } from '#context.ts'
import { insertToken } from '#data/applications/tokens.ts'
import { findRuntime } from '#data/functions/runtimes.ts'
import { defaultScopes } from '#domain/access/caller.ts'
import { type Host, preparedOf } from '#domain/functions/runs/prepared-of.ts'
import { dependenciesOf } from '#domain/functions/runtime/dependencies-of.ts'
import { variablesOf } from '#domain/functions/runtime/environment.ts'
import { openEnvironment } from '#domain/functions/runtime/open-environment.ts'
import { notFound } from '#errors.ts'

export interface PreparedHost {
  host: RuntimeSpec
  token: string
}

/** Returns the secrets to mask in the outcome of a run, for example in a response of a client. */
export function secretsOf({ host, token }: PreparedHost): string[] {
  return [token, host.environment.CHATKITTY_CLIENT_SECRET ?? token]
}

/** An application, and the least acceptable revision of its runtime. */
interface Wanted {
  applicationId: number
  revision: number
}

/**
 * Returns the host of an application's functions, from a cache if unchanged.
 * @throws Error if the dependencies cannot be installed, or the environment cannot be opened
 */
export async function prepareHost(ctx: Context, wanted: Wanted): Promise<PreparedHost> {
  const known = await hostOf(ctx, wanted)
  return { host: known.host, token: await tokenOf(ctx, wanted.applicationId, known) }
}

async function hostOf(ctx: Context, { applicationId, revision }: Wanted): Promise<Host> {
  const { hosts } = preparedOf(ctx)
  const known = hosts.get(applicationId)
  if (known && known.revision >= revision && known.host.apiOrigin === ctx.origin) return known
  const record = await findRuntime(ctx.db, applicationId)
  if (!record) throw notFound('runtime of application', applicationId)
  const environment = await openEnvironment(ctx, applicationId, record)
  const installed = await dependenciesOf(ctx, applicationId, record.dependencies)
  const found = {
    revision: record.revision,
    clientId: environment.clientId,
    clientSecret: environment.clientSecret,
    host: {
      applicationId,
      apiOrigin: ctx.origin,
      environment: variablesOf(ctx.baseUrl(), applicationId, environment),
      ...(record.initializationScript && { initializationScript: record.initializationScript }),
      ...installed,
    },
  }
  hosts.set(applicationId, found)
  return found
}

const lifetimeMs = 3_600_000
/** A run must not outlive its token. */
const spareMs = 600_000

/** Returns a token of the runtime's own client, with all scopes. */
async function tokenOf(
  ctx: Context,
  applicationId: number,
  { clientId, clientSecret }: Host,
): Promise<string> {
  const { tokens } = preparedOf(ctx)
  const known = tokens.get(applicationId)
  const isGood = known?.clientSecret === clientSecret && known.expiresAt > ctx.clock.now() + spareMs
  if (known && isGood) return known.text
  const text = uuid()
  const expiresAt = ctx.clock.now() + lifetimeMs
  await insertToken(ctx.db, text, { applicationId, clientId, scope: defaultScopes.join(' '), expiresAt })
  tokens.set(applicationId, { text, clientSecret, expiresAt })
  return text
}
