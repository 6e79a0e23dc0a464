// The only reader of the environment.
import { resolve } from 'node:path'
import { z } from 'zod'

const blankIsAbsent = (value: unknown) => (value === '' ? undefined : value)
const optional = <T extends z.ZodType>(type: T) => z.preprocess(blankIsAbsent, type.optional())

const Environment = z.object({
  PORT: z.preprocess(blankIsAbsent, z.coerce.number().int().min(0).max(65_535).default(9001)),
  HOST: z.preprocess(blankIsAbsent, z.string().default('127.0.0.1')),
  CHATTERIE_HOME: z.preprocess(blankIsAbsent, z.string().default('.chatterie')),
  DATABASE_URL: optional(z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })),
  CHATTERIE_CLIENT_ID: optional(
    z.string().regex(/^[\x21-\x39\x3b-\x7e]{1,255}$/, 'must be printable, without spaces and colons'),
  ),
  CHATTERIE_CLIENT_SECRET: optional(z.string().min(8).max(255)),
  CHATTERIE_API_KEY: optional(z.uuid()),
  PUBLIC_URL: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
  LOG_LEVEL: z.preprocess(
    blankIsAbsent,
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ),
})

export interface Config {
  port: number
  host: string
  /** Absolute. */
  home: string
  databaseUrl?: string
  clientId?: string
  clientSecret?: string
  apiKey?: string
  /** Without a slash at its end. */
  publicUrl?: string
  logLevel: z.output<typeof Environment>['LOG_LEVEL']
}

/**
 * Reads the settings of the README's table.
 * @throws an Error of one line that names the variable, for the operator
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = Environment.safeParse(environment)
  if (!parsed.success) {
    const problem = parsed.error.issues[0]
    throw new Error(`${String(problem?.path[0])} is wrong: ${problem?.message}`)
  }
  const settings = parsed.data
  return {
    port: settings.PORT,
    host: settings.HOST,
    home: resolve(settings.CHATTERIE_HOME),
    logLevel: settings.LOG_LEVEL,
    ...(settings.DATABASE_URL && { databaseUrl: settings.DATABASE_URL }),
    ...(settings.CHATTERIE_CLIENT_ID && { clientId: settings.CHATTERIE_CLIENT_ID }),
    ...(settings.CHATTERIE_CLIENT_SECRET && { clientSecret: settings.CHATTERIE_CLIENT_SECRET }),
    ...(settings.CHATTERIE_API_KEY && { apiKey: settings.CHATTERIE_API_KEY }),
    ...(settings.PUBLIC_URL && { publicUrl: settings.PUBLIC_URL.replace(/\/+$/, '') }),
  }
}
