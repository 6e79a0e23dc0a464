// The only reader of the environment.
import { resolve } from 'node:path'
import { z } from 'zod'
import type { S3Settings } from '#files/s3.ts'

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
  CHATTERIE_CLIENT_SECRET: optional(
    // [RFC 6749 appendix A.2]
    z.string().regex(/^[\x20-\x7e]{8,255}$/, 'must be 8 to 255 printable ASCII characters'),
  ),
  CHATTERIE_API_KEY: optional(z.uuid()),
  PUBLIC_URL: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
  CHATTERIE_ENCRYPTION_KEY: optional(
    z
      .string()
      .transform((text) => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64'))
      .refine(
        (key) => key.length === 32,
        'must be 32 bytes in base64 or hex, as `openssl rand -base64 32` prints',
      ),
  ),
  FILE_SIZE_MAX: z.preprocess(
    blankIsAbsent,
    z.coerce.number('must be a number of bytes').int().positive().default(26_214_400),
  ),
  IMPORT_SIZE_MAX: z.preprocess(
    blankIsAbsent,
    z.coerce.number('must be a number of bytes').int().positive().default(1_073_741_824),
  ),
  S3_BUCKET: optional(z.string().regex(/^[A-Za-z0-9._-]{1,255}$/, 'must be the name of a bucket')),
  S3_ENDPOINT: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
  S3_REGION: z.preprocess(
    blankIsAbsent,
    z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a region')
      .default('us-east-1'),
  ),
  S3_ACCESS_KEY_ID: optional(z.string()),
  S3_SECRET_ACCESS_KEY: optional(z.string()),
  RATE_LIMIT_PER_SECOND: z.preprocess(
    (value) => (value === 'off' ? 0 : blankIsAbsent(value)),
    z.coerce.number('must be a number, or off').int().min(0).max(1_000_000).default(2000),
  ),
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
  /** Of what is kept encrypted; a key in the home folder where absent. */
  encryptionKey?: Buffer
  /** Bytes. */
  fileSizeMax: number
  /** Bytes of a file of items to import. */
  importSizeMax: number
  /** Where files are kept; the home folder where absent. */
  s3?: S3Settings
  /** Requests of one application that this process answers in a second; 0 for any number. */
  rateLimitPerSecond: number
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
    fileSizeMax: settings.FILE_SIZE_MAX,
    importSizeMax: settings.IMPORT_SIZE_MAX,
    rateLimitPerSecond: settings.RATE_LIMIT_PER_SECOND,
    logLevel: settings.LOG_LEVEL,
    ...(settings.DATABASE_URL && { databaseUrl: settings.DATABASE_URL }),
    ...(settings.CHATTERIE_CLIENT_ID && { clientId: settings.CHATTERIE_CLIENT_ID }),
    ...(settings.CHATTERIE_CLIENT_SECRET && { clientSecret: settings.CHATTERIE_CLIENT_SECRET }),
    ...(settings.CHATTERIE_API_KEY && { apiKey: settings.CHATTERIE_API_KEY }),
    ...(settings.CHATTERIE_ENCRYPTION_KEY && { encryptionKey: settings.CHATTERIE_ENCRYPTION_KEY }),
    ...s3Of(settings),
    ...(settings.PUBLIC_URL && { publicUrl: settings.PUBLIC_URL.replace(/\/+$/, '') }),
  }
}

/** The settings of S3 come together or not at all. */
function s3Of(settings: z.output<typeof Environment>): { s3?: S3Settings } {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_REGION: region } = settings
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = settings
  if (!bucket) {
    const [stray] =
      Object.entries({ S3_ENDPOINT: endpoint, S3_ACCESS_KEY_ID: accessKeyId }).find(([, value]) => value) ??
      []
    if (stray) throw new Error(`S3_BUCKET is missing: ${stray} is set, but not which bucket to keep files in`)
    return {}
  }
  if (!accessKeyId !== !secretAccessKey) {
    const missing = accessKeyId ? 'S3_SECRET_ACCESS_KEY' : 'S3_ACCESS_KEY_ID'
    throw new Error(`${missing} is missing: the two halves of the credentials come together`)
  }
  return {
    s3: {
      bucket,
      region,
      ...(endpoint && { endpoint }),
      ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
    },
  }
}
