// What a run needs besides its event: where it runs, its script, and a token of its application.

import { v4 as uuid } from 'uuid'
import type { Context, RuntimeSpec } from '#context.ts'
import { insertToken } from '#data/applications/tokens.ts'
import { type CurrentFunction, findScript } from '#data/functions/functions.ts'
import { findRuntime } from '#data/functions/runtimes.ts'
import { defaultScopes } from '#domain/access/caller.ts'
import { type Host, preparedOf } from '#domain/functions/runs/prepared-of.ts'
import { dependenciesOf } from '#domain/functions/runtime/dependencies-of.ts'
import { variablesOf } from '#domain/functions/runtime/environment.ts'
import { openEnvironment } from '#domain/functions/runtime/open-environment.ts'
import { notFound } from '#errors.ts'

export interface PreparedRun {
  host: RuntimeSpec
  handlerScript: string
  token: string
}

/**
 * Finds what a function runs with; what has not changed since the last time comes without a round trip.
 * @throws where the dependencies cannot be installed, or the environment cannot be opened
 */
export async function prepareRun(ctx: Context, current: CurrentFunction): Promise<PreparedRun> {
  const [handlerScript, known] = await Promise.all([scriptOf(ctx, current.versionId), hostOf(ctx, current)])
  return { host: known.host, handlerScript, token: await tokenOf(ctx, current.applicationId, known) }
}

async function scriptOf(ctx: Context, versionId: number): Promise<string> {
  const { scripts } = preparedOf(ctx)
  const script = scripts.get(versionId) ?? (await findScript(ctx.db, versionId))
  if (script === undefined) throw notFound('function version', versionId)
  scripts.set(versionId, script)
  return script
}

async function hostOf(ctx: Context, { applicationId, revision }: CurrentFunction): Promise<Host> {
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

/** Of the runtime's own client, with all scopes. */
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
