// Stores files in a bucket of any S3-compatible store.

import { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { notFound, StoreAway } from '#errors.ts'
import { type FileStore, mustBeKey, type StoredBytes } from '#files/files.ts'
import { Measured } from '#files/measure.ts'

export interface S3Settings {
  bucket: string
  region: string
  /** Endpoint of a store other than Amazon's; buckets are then addressed by path. */
  endpoint?: string
  /** If absent, the SDK looks for credentials in its usual places: environment, profile, role. */
  credentials?: { accessKeyId: string; secretAccessKey: string }
}

/** How long the store may take to answer a request, which is then repeated twice. Without a limit it may take for ever. */
interface Patience {
  connectMs: number
  answerMs: number
  /** The same for a part of an upload, which includes its transfer. */
  partMs: number
}
const defaultPatience: Patience = { connectMs: 10_000, answerMs: 30_000, partMs: 5 * 60_000 }

/** Each download holds a connection for as long as its client reads. */
const connectionsMax = 1_000

/** Maximum number of 5 MiB parts of one upload in memory. */
const partsInFlight = 2

export class S3Store implements FileStore {
  readonly #bucket: string
  readonly #client: S3Client
  readonly #uploader: S3Client

  constructor({ bucket, endpoint, region, credentials }: S3Settings, patience = defaultPatience) {
    this.#bucket = bucket
    const open = (answerMs: number) =>
      new S3Client({
        region,
        ...(endpoint && { endpoint, forcePathStyle: true }),
        ...(credentials && { credentials }),
        requestHandler: {
          connectionTimeout: patience.connectMs,
          requestTimeout: answerMs,
          throwOnRequestTimeout: true,
          httpAgent: { maxSockets: connectionsMax },
          httpsAgent: { maxSockets: connectionsMax },
        },
        // Many compatible stores do not support checksums beyond those that S3 requires.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      })
    this.#client = open(patience.answerMs)
    this.#uploader = open(patience.partMs)
  }

  async put(key: string, bytes: AsyncIterable<Uint8Array>, sizeMax: number): Promise<StoredBytes> {
    const measured = new Measured(bytes, sizeMax)
    const upload = new Upload({
      client: this.#uploader,
      queueSize: partsInFlight,
      // The object appears once it is complete; parts of an upload that fails are aborted.
      params: { ...this.#of(key), Body: Readable.from(measured, { objectMode: false }) },
    })
    await upload.done().catch((error) => {
      throw measured.failure ?? described(error)
    })
    return measured.result()
  }

  async open(key: string, range?: { start: number; end: number }): Promise<Readable> {
    const { Body } = await this.#client
      .send(
        new GetObjectCommand({
          ...this.#of(key),
          ...(range && { Range: `bytes=${range.start}-${range.end}` }),
        }),
      )
      .catch((error) => {
        throw error instanceof Error && error.name === 'NoSuchKey' ? notFound('file', key) : described(error)
      })
    return Body as Readable // in Node.js the SDK's body is the response itself
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#of(key))).catch((error) => {
      throw described(error)
    })
  }

  #of(key: string) {
    return { Bucket: this.#bucket, Key: mustBeKey(key) }
  }
}

/** Returns an error for the caller: one of the network, which has no answer of the store, says that the store is away. */
function described(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof S3ServiceException) return error
  const { code } = error as { code?: unknown }
  return typeof code === 'string' || error.name === 'TimeoutError' ? new StoreAway(error) : error
}
