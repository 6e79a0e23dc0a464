// The only module that reads the environment.
import { BlockList, isIP } from 'node:net'
import { resolve } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { cacheFolderOf } from '#cache.ts'
import { type FileConfig, fileConfigOf, fileSettings } from '#config/files.ts'
import { type FunctionConfig, functionConfigOf, functionSettings } from '#config/functions.ts'
import { type OperatorConfig, operatorConfigOf, operatorSettings } from '#config/operators.ts'
import { type SignalConfig, signalSettings, signalsOf } from '#config/signals.ts'
import {
  amountOrOff,
  bearer,
  isBase,
  isDecodable,
  optional,
  toggle,
  unlessBlank,
  wholeNumber,
} from '#config/values.ts'
import { isLoopback } from '#wire/loopback.ts'

/** A number of days, or `off` for no limit. */
const days = (otherwise: number) =>
  amountOrOff('days', { max: 99_999, otherwise }).transform((number) => number || undefined)

const Environment = z.object({
  PORT: wholeNumber('', { min: 0, max: 65_535, otherwise: 9001 }),
  HOST: unlessBlank(z.string().default('127.0.0.1')),
  CHATTERIE_HOME: unlessBlank(z.string().default('.chatterie')),
  DATABASE_URL: optional(
    z
      .url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })
      .refine(
        // A parameter of Prisma that the driver ignores: the tables would be created elsewhere.
        (url) => (URL.parse(url)?.searchParams.get('schema') ?? 'public') === 'public',
        'must have no schema: Chatterie uses a database of its own',
      )
      .refine(isDecodable, 'must have %25 for a percent sign'),
  ),
  REDIS_URL: optional(
    z
      .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
      .refine(
        // The Redis client refuses any other path.
        (url) => /^(\/\d*)?$/.test(URL.parse(url)?.pathname ?? ''),
        'must have no path but the number of a database',
      )
      .refine(isDecodable, 'must have %25 for a percent sign'),
  ),
  CHATTERIE_CLIENT_ID: optional(
    z.string().regex(/^[\x21-\x39\x3b-\x7e]{1,255}$/, 'must be printable, without spaces and colons'),
  ),
  CHATTERIE_CLIENT_SECRET: optional(
    // [RFC 6749 appendix A.2]
    z.string().regex(/^[\x20-\x7e]{8,255}$/, 'must be 8 to 255 printable ASCII characters'),
  ),
  CHATTERIE_API_KEY: optional(z.uuid()),
  PUBLIC_URL: optional(
    z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).refine(
      isBase, // links are made by appending to it
      'must be a URL that ends with its path, and has no user name in it',
    ),
  ),
  CHATTERIE_ENCRYPTION_KEY: optional(
    z
      .string()
      .transform((text) =>
        text
          .split(',')
          .map((key) => key.trim())
          .map((key) => Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? 'hex' : 'base64')),
      )
      .refine(
        (keys) => keys.every((key) => key.length === 32),
        'must be 32 bytes in base64 or hex, as `openssl rand -base64 32` prints, or several such keys with commas between them',
      ),
  ),
  RATE_LIMIT_PER_SECOND: amountOrOff('requests', { min: 0, max: 1_000_000, otherwise: 2000 }),
  NOTIFICATIONS_DAYS: days(90),
  SESSIONS_DAYS: days(30),
  JOBS_DAYS: days(30),
  IDEMPOTENCY_KEYS_DAYS: days(365),
  AUDIT_DAYS: days(365),
  WEBHOOK_DELIVERIES_DAYS: days(30),
  WEBHOOK_EGRESS: optional(z.enum(['guarded', 'open'])),
  LINK_PREVIEWS: toggle('on'),
  APPLICATION_DELETION: toggle('off'),
  CHAT_WIDGETS: unlessBlank(
    z
      .string()
      .regex(/^[^=,\s]{1,255}=[\da-f-]{36}(,[^=,\s]{1,255}=[\da-f-]{36})*$/i, 'must be id=API-KEY,id=API-KEY')
      .optional()
      .transform((text = '') => {
        const pairs = text.split(',').map((pair) => pair.split('=') as [string, string])
        return new Map(text === '' ? [] : pairs)
      }),
  ),
  DEMO_PAGE: toggle('off'),
  TEST_API: toggle('off'),
  TEST_API_TOKEN: optional(bearer),
  TRUST_PROXY: unlessBlank(
    z
      .string()
      .default('')
      .transform((text, issues) => {
        const proxies = new BlockList()
        for (const each of text.split(',').map((part) => part.trim())) {
          if (each !== '' && !addProxy(proxies, each)) {
            issues.addIssue(
              `${JSON.stringify(each)} is neither an address, nor a range such as 10.0.0.0/8, nor loopback`,
            )
          }
        }
        return proxies
      }),
  ),
  CHATTERIE_OUTPUT: unlessBlank(z.enum(['text', 'json']).default('text')),
  ...fileSettings,
  ...functionSettings,
  ...operatorSettings,
  ...signalSettings,
})

export interface Config extends SignalConfig, OperatorConfig, FileConfig, FunctionConfig {
  port: number
  host: string
  /** Absolute path of the home folder. */
  home: string
  /** Absolute path of this user's folder for files that can be rebuilt. */
  cache: string
  databaseUrl?: string
  /** URL of the bus between processes; if absent, this process runs alone. */
  redisUrl?: string
  clientId?: string
  clientSecret?: string
  apiKey?: string
  /** The URL under which clients reach the server, without a trailing slash. */
  publicUrl?: string
  /** Keys for encrypted data: the first encrypts, all decrypt. If absent, the keys in the home folder are used. */
  encryptionKeys?: Buffer[]
  /** Maximum number of requests of one application that this process answers per second; 0 means no limit. */
  rateLimitPerSecond: number
  /** How long finished data is kept, for sessions and jobs from their end; undefined means forever. */
  keptDays: Record<'notifications' | 'sessions' | 'jobs' | 'idempotencyKeys' | 'audit', number | undefined>
  /** How long webhook deliveries are kept; undefined means forever. */
  webhookDeliveriesDays: number | undefined
  /** Whether webhooks may point to addresses that are not public. */
  webhookEgress: 'guarded' | 'open'
  /** Whether the pages that messages link to are fetched. */
  linkPreviews: boolean
  /** Whether an application can be deleted over HTTP with its own credentials. */
  applicationDeletion: boolean
  /** The API keys of applications, by the ids of chat widgets that are not themselves API keys. */
  chatWidgets: Map<string, string>
  /** Whether `GET /` shows the API key and the demo to anyone. */
  demoPage: boolean
  /** Whether `/_test` is served. If `testApiToken` is set, requests must carry that token. */
  testApi: boolean
  testApiToken?: string
  /** Proxies whose `X-Forwarded-*` headers are trusted. */
  trustedProxies: BlockList
  /** What a start prints once the server is ready; with `json`, stdout receives that one line only. */
  output: 'text' | 'json'
}

/**
 * Reads the settings that the README lists.
 * @throws Error with one line for the operator that names the variable
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = Environment.safeParse(environment, { error: wording })
  if (!parsed.success) {
    const problem = parsed.error.issues[0]
    throw new Error(`${String(problem?.path[0])} is wrong: ${problem?.message}`)
  }
  const settings = parsed.data
  mustBeSafeToTest(settings)
  const functions = functionConfigOf(settings, settings.HOST)
  return {
    port: settings.PORT,
    host: settings.HOST,
    home: resolve(settings.CHATTERIE_HOME),
    cache: cacheFolderOf(environment),
    rateLimitPerSecond: settings.RATE_LIMIT_PER_SECOND,
    keptDays: {
      notifications: settings.NOTIFICATIONS_DAYS,
      sessions: settings.SESSIONS_DAYS,
      jobs: settings.JOBS_DAYS,
      idempotencyKeys: settings.IDEMPOTENCY_KEYS_DAYS,
      audit: settings.AUDIT_DAYS,
    },
    webhookDeliveriesDays: settings.WEBHOOK_DELIVERIES_DAYS,
    webhookEgress: settings.WEBHOOK_EGRESS ?? functions.functionEgress,
    linkPreviews: settings.LINK_PREVIEWS,
    applicationDeletion: settings.APPLICATION_DELETION,
    chatWidgets: settings.CHAT_WIDGETS,
    demoPage: settings.DEMO_PAGE,
    testApi: settings.TEST_API,
    ...(settings.TEST_API_TOKEN && { testApiToken: settings.TEST_API_TOKEN }),
    trustedProxies: settings.TRUST_PROXY,
    output: settings.CHATTERIE_OUTPUT,
    ...fileConfigOf(settings),
    ...functions,
    ...operatorConfigOf(settings),
    ...signalsOf(settings),
    ...(settings.DATABASE_URL && { databaseUrl: settings.DATABASE_URL }),
    ...(settings.REDIS_URL && { redisUrl: settings.REDIS_URL }),
    ...(settings.CHATTERIE_CLIENT_ID && { clientId: settings.CHATTERIE_CLIENT_ID }),
    ...(settings.CHATTERIE_CLIENT_SECRET && { clientSecret: settings.CHATTERIE_CLIENT_SECRET }),
    ...(settings.CHATTERIE_API_KEY && { apiKey: settings.CHATTERIE_API_KEY }),
    ...(settings.CHATTERIE_ENCRYPTION_KEY && { encryptionKeys: settings.CHATTERIE_ENCRYPTION_KEY }),
    ...(settings.PUBLIC_URL && { publicUrl: settings.PUBLIC_URL.replace(/\/+$/, '') }),
  }
}

/** Refuses an exposed test API without a token: anyone who can reach the test API can do anything with the data. */
function mustBeSafeToTest({ TEST_API, TEST_API_TOKEN, HOST }: z.output<typeof Environment>): void {
  if (!TEST_API || TEST_API_TOKEN || isLoopback(HOST)) return
  throw new Error(`TEST_API_TOKEN is missing: with HOST=${HOST}, others than this machine reach the test API`)
}

/** Describes the problem with a setting if its own rule has no message. */
const wording: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`
    case 'invalid_format':
      return issue.format === 'uuid' ? 'must be a UUID, as `uuidgen` prints' : 'must have another form'
    default:
      return 'has a value that is not understood'
  }
}

/** Maximum edit distance at which a prefix still counts as a misspelt `CHATTERIE`. */
const slipMax = 2

/** Variables that `chatterie exec` sets for its commands, which may start servers themselves. */
const setByExec = ['CHATTERIE_URL', 'CHATTERIE_HOST', 'CHATTERIE_ACCESS_TOKEN']
/** Variables that only the command line reads. */
const readByCommands = ['CHATTERIE_ADMIN_KEY', 'CHATTERIE_WEBHOOK_SECRET']

/**
 * Returns one line for each variable whose name looks like a setting of Chatterie but is not one. Such a variable would
 * otherwise be ignored silently.
 */
export function misspeltSettings(environment: Record<string, string | undefined>): string[] {
  const known = [...Object.keys(Environment.shape), ...setByExec, ...readByCommands]
  return Object.keys(environment).flatMap((name) => {
    const [first = ''] = name.split('_', 1)
    if (known.includes(name) || !name.includes('_') || distance(first, 'CHATTERIE') > slipMax) return []
    const meant = closest(name, known)
    const hint = distance(name, meant) <= 2 * slipMax ? `: did you mean ${meant}?` : ''
    return [`${name} is not a setting and has no effect${hint}`]
  })
}

/** Returns the settings of this process, and warns of misspelt ones on stderr. */
export function readSettings(): Config {
  const config = readConfig(process.env)
  if (!config.databaseUrl) forgetOtherPostgres(process.env)
  for (const line of misspeltSettings(process.env)) process.stderr.write(`Warning: ${line}\n`)
  return config
}

/** Removes libpq's variables, which the driver would apply to the embedded Postgres; they are for one of the user's. */
function forgetOtherPostgres(environment: Record<string, string | undefined>): void {
  for (const name of Object.keys(environment)) if (/^PG[A-Z]+$/.test(name)) delete environment[name]
}

/** Adds an address, a range or `loopback` to the list. Returns false if the text is none of them. */
function addProxy(proxies: BlockList, text: string): boolean {
  if (text === 'loopback') return addProxy(proxies, '127.0.0.0/8') && addProxy(proxies, '::1')
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  const prefix = Number(bits ?? bitsOf[version])
  if (version === 0 || prefix > (bitsOf[version] ?? 0)) return false
  proxies.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4')
  return true
}

const bitsOf: Record<number, number> = { 4: 32, 6: 128 }
