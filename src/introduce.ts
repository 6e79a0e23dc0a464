// What a start prints once the server is ready: a box for people, one line of JSON for scripts.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import type { FirstApplication } from '#domain/applications/ensure-first-application.ts'
import type { FirstOperator } from '#domain/operators/ensure-first-operator.ts'
import { credentialsPath, operatorPath } from '#secrets/kept-credentials.ts'

/** The application and the operator of the first start. */
export interface Introduced {
  first: FirstApplication
  operator: FirstOperator
  /** Access token of the first application, for ephemeral servers only. */
  accessToken: string | undefined
}

/** Prints the address and the credentials. A secret is printed only once, and only if this process generated it. */
export async function introduce(ctx: Context, { first, operator, accessToken }: Introduced): Promise<void> {
  const url = ctx.baseUrl(ctx.origin.replace(loopback, () => 'http://localhost:'))
  await warnOfRedis(ctx)
  if (ctx.config.output === 'json') {
    const facts =
      accessToken === undefined
        ? factsOf(ctx, url, { first, operator })
        : { url, ...ephemeralFactsOf(ctx, first), accessToken }
    process.stdout.write(`${JSON.stringify(facts)}\n`)
    return
  }
  const curlSecret = first.clientSecret ?? '$SECRET'
  const lines = [
    'Chatterie is ready',
    '',
    `Open ${url}`,
    '',
    `Base URL       ${url}`,
    `Client id      ${first.clientId}`,
    `Client secret  ${first.clientSecret ?? secretLocation(ctx, first)}`,
    `API key        ${first.apiKey}`,
    '',
    ...(ctx.config.passwords
      ? [
          `Console        ${url}/console`,
          `Operator       ${operator.username}`,
          `Password       ${operator.password ?? locationOfPassword(ctx, operator)}`,
        ]
      : [`Operators      sign in at ${url}/console/sign-in/oidc`]),
  ]
  const width = Math.max(...lines.map((line) => line.length))
  const edge = '─'.repeat(width + 2)
  process.stdout.write(
    `┌${edge}┐\n${lines.map((line) => `│ ${line.padEnd(width)} │`).join('\n')}\n└${edge}┘\n` +
      `Try it:${first.clientSecret ? '' : ' (with the secret in $SECRET)'}\n` +
      `curl -s -u "${first.clientId}:${curlSecret}" -d grant_type=client_credentials ${url}/oauth/token\n` +
      (ctx.config.demoPage
        ? `Or chat live at ${url} (DEMO_PAGE=on).\n`
        : `Start with DEMO_PAGE=on to try a live chat at ${url}.\n`),
  )
}

/** Printed as `localhost`. */
const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]):/

function secretLocation({ config }: Context, first: FirstApplication): string {
  if (first.isGivenSecretInForce) return '(from CHATTERIE_CLIENT_SECRET)'
  if (first.isKept) return `(kept in ${credentialsPath(config.home)})`
  return '(known to whoever started Chatterie first)'
}

function locationOfPassword({ config }: Context, operator: FirstOperator): string {
  if (operator.isGivenPasswordInForce) return '(from CHATTERIE_ADMIN_PASSWORD)'
  if (operator.isKept) return `(kept in ${operatorPath(config.home)}, unless it was changed)`
  return '(known to whoever set it)'
}

/** What a script needs to know. A secret not generated now is in the file or was configured by the operator. */
function factsOf(
  { config }: Context,
  url: string,
  { first, operator }: Pick<Introduced, 'first' | 'operator'>,
) {
  return {
    url,
    pid: process.pid,
    clientId: first.clientId,
    clientSecret: first.clientSecret ?? null,
    credentialsFile: first.isKept ? credentialsPath(config.home) : null,
    apiKey: first.apiKey,
    operator: operator.username,
    operatorPassword: operator.password ?? null,
    operatorFile: operator.isKept ? operatorPath(config.home) : null,
  }
}

/** What a test also needs to know (testing contract 1). */
function ephemeralFactsOf({ config }: Context, { clientId, clientSecret, apiKey }: FirstApplication) {
  return { clientId, clientSecret: clientSecret ?? config.clientSecret, apiKey }
}

const redisPatienceMs = 2_000

/**
 * Warns if Redis cannot be reached: a process without its peers looks healthy, so people must be told.
 * @throws if Redis refuses what the settings say, such as the password
 */
async function warnOfRedis({ bus, config }: Context): Promise<void> {
  const { host } = URL.parse(config.redisUrl ?? '') ?? {}
  for (const since = performance.now(); !bus.isConnected(); await sleep(20)) {
    const refusal = bus.refusal()
    if (refusal !== undefined) throw new Error(`REDIS_URL: ${host} cannot be used: ${refusal}`)
    if (performance.now() - since < redisPatienceMs) continue
    process.stderr.write(
      `Warning: REDIS_URL: nothing answers at ${host}. Other processes hear nothing of this one until it does\n`,
    )
    return
  }
}
