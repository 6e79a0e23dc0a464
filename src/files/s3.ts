// Stores files in a bucket of any S3-compatible store.

import { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { notFound } from '#errors.ts'
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
const defaultAnswerMs = 30_000

/** Maximum number of 5 MiB parts of one upload in memory. */
const partsInFlight = 2

export class S3Store implements FileStore {
  readonly #bucket: string
  readonly #client: S3Client

  constructor({ bucket, endpoint, region, credentials }: S3Settings, answerMs = defaultAnswerMs) {
    this.#bucket = bucket
    this.#client = new S3Client({
      region,
      ...(endpoint && { endpoint, forcePathStyle: true }),
      ...(credentials && { credentials }),
      requestHandler: {
        connectionTimeout: answerMs,
        requestTimeout: answerMs,
        throwOnRequestTimeout: true,
      },
      // Many compatible stores do not support checksums beyond those that S3 requires.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    })
  }

  async put(key: string, bytes: AsyncIterable<Uint8Array>, sizeMax: number): Promise<StoredBytes> {
    const measured = new Measured(bytes, sizeMax)
    const upload = new Upload({
      client: this.#client,
      queueSize: partsInFlight,
      // The object appears once it is complete; parts of an upload that fails are aborted.
      params: { ...this.#of(key), Body: Readable.from(measured, { objectMode: false }) },
    })
    await upload.done().catch((error) => {
      throw measured.failure ?? error
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
        throw error instanceof Error && error.name === 'NoSuchKey' ? notFound('file', key) : error
      })
    return Body as Readable // in Node.js the SDK's body is the response itself
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#of(key)))
  }

  #of(key: string) {
    return { Bucket: this.#bucket, Key: mustBeKey(key) }
  }
}
