// Settings for the storage and size of files.
import { z } from 'zod'
import { amount, optional, unlessBlank } from '#config/values.ts'
import type { S3Settings } from '#files/s3.ts'

export const fileSettings = {
  FILE_SIZE_MAX: amount('bytes', { otherwise: 26_214_400 }),
  IMPORT_SIZE_MAX: amount('bytes', { otherwise: 1_073_741_824 }),
  S3_BUCKET: optional(z.string().regex(/^[A-Za-z0-9._-]{1,255}$/, 'must be the name of a bucket')),
  S3_ENDPOINT: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
  S3_REGION: unlessBlank(
    z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a region')
      .default('us-east-1'),
  ),
  S3_ACCESS_KEY_ID: optional(z.string()),
  S3_SECRET_ACCESS_KEY: optional(z.string()),
}

type Settings = z.output<z.ZodObject<typeof fileSettings>>

export interface FileConfig {
  /** Maximum size of a hosted file in bytes. */
  fileSizeMax: number
  /** Maximum size of an import file in bytes. */
  importSizeMax: number
  /** The bucket that stores files; if absent, the home folder does. */
  s3?: S3Settings
}

export function fileConfigOf(settings: Settings): FileConfig {
  return {
    fileSizeMax: settings.FILE_SIZE_MAX,
    importSizeMax: settings.IMPORT_SIZE_MAX,
    ...s3Of(settings),
  }
}

/** Reads the settings of S3, which must be set together or not at all. */
function s3Of(settings: Settings): Pick<FileConfig, 's3'> {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_REGION: region } = settings
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = settings
  if (!bucket) {
    const others = {
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    }
    const [stray] = Object.entries(others).find(([, value]) => value) ?? []
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
