// Multipart forms: `file` parts are stored while they arrive; other parts may come before or after them.
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { type HostedFile, type IncomingFile, storeFile } from '#domain/files/store-file.ts'
import { ChatError, refused } from '#errors.ts'
import { namesOf } from '#wire/casing.ts'
import { fileName } from '#wire/file-name.ts'

/** How the file of a form is stored. */
export interface Storage<F> {
  store(caller: Caller, incoming: IncomingFile): Promise<F>
  /** Undoes `store` after the rest of the request has failed. */
  discard(file: F): Promise<void>
}

/** Stores files that this server keeps and serves. */
export function hosting(ctx: Context): Storage<HostedFile> {
  return {
    store: (caller, incoming) => storeFile(ctx, caller, incoming),
    discard: ({ key }) => discardFile(ctx, key),
  }
}

/** Returns the handler of an operation that only accepts a form: a request without one has no file. */
export const withoutForm = (about: string) => async (): Promise<never> => {
  throw refused(about, 'file', 'missing_field', 'file is required: send a multipart form')
}

/** Maximum total size in bytes of the parts besides files, which are kept in memory until the form ends. */
const fieldsMax = 262_144

/** Maximum time for those parts, not counting the files, so that a form cannot be held open. */
const fieldsTimeoutMs = 30_000

/** How a form is read. */
interface Receipt<F> {
  /** The resource that refusals name. */
  about: string
  storage: Storage<F>
  caller: Caller
  /** The parts besides the file; those that arrive as a file, as a Blob does, are read as text. */
  known?: z.ZodObject
  /** Maximum number of files in a form; 1 by default. */
  filesMax?: number
  fieldsMs?: number
}

/** Maximum number of files that a client may send at once; mobile clients do. */
export const filesAtOnceMax = 10

/**
 * Reads a form: stores its files, then passes each in turn with the other parts to `use`. After a failure, files that
 * were not used are discarded.
 * @returns the result of `use` for the first file
 * @throws ChatError 400 for a form that is cut off or has no file, 408 for one that takes too long, 413 for one that is
 * too large
 */
export async function receive<F, R>(
  request: FastifyRequest,
  { about, storage, caller, known, filesMax = 1, fieldsMs = fieldsTimeoutMs }: Receipt<F>,
  use: (file: F, fields: Record<string, unknown>) => Promise<R>,
): Promise<R> {
  const fields: Record<string, unknown> = {}
  const files: F[] = []
  let fieldBytes = 0
  const dispositionOf = request.noteDispositions()
  const names = new Set(Object.entries(known?.shape ?? {}).flatMap(([key, field]) => namesOf(key, field)))
  try {
    for await (const part of partsOf(request, names, fieldsMs)) {
      if (part.type === 'field') {
        fieldBytes += Buffer.byteLength(String(part.value))
        if (part.valueTruncated || fieldBytes > fieldsMax) throw fieldsTooLarge()
        fields[part.fieldname] ??= part.json ? parsed(String(part.value)) : part.value
      } else if (part.fieldname !== 'file') {
        part.file.resume()
      } else if (files.length === filesMax) {
        const most = filesMax === 1 ? 'one file' : `${filesMax} files`
        throw refused(about, 'file', 'invalid', `Send ${most} at a time`)
      } else {
        const name = fileName(dispositionOf(part.file), part.filename)
        const incoming = { name, contentType: part.mimetype, bytes: bytesOf(part.file) }
        files.push(await storage.store(caller, incoming))
      }
    }
    const [first] = files
    if (first === undefined) throw refused(about, 'file', 'missing_field', 'file is required')
    const answer = await use(first, fields)
    files.shift()
    while (files[0] !== undefined) {
      await use(files[0], fields)
      files.shift()
    }
    return answer
  } catch (error) {
    discardBody(request)
    for (const file of files) await storage.discard(file)
    throw error
  }
}

type Part = Awaited<ReturnType<ReturnType<FastifyRequest['parts']>['next']>>['value']

/**
 * Whether a part arrives as a stream. Those declared as JSON do too, since the form parser would refuse the whole form
 * for one that it cannot parse, or that has `__proto__` among its keys.
 */
const isStream = (_part: unknown, contentType: string | undefined, fileName: string | undefined) =>
  fileName !== undefined || contentType === 'application/octet-stream' || contentType === 'application/json'

async function* partsOf(request: FastifyRequest, fields: Set<string>, fieldsMs: number) {
  const parts = request.parts({ isPartAFile: isStream })
  let leftMs = fieldsMs
  const inTime = async <T>(reading: Promise<T>): Promise<T> => {
    const askedAt = performance.now()
    const read = await soon(reading, leftMs).catch((error) => {
      throw asRefusal(error)
    })
    leftMs -= performance.now() - askedAt
    return read
  }
  for (;;) {
    const { done, value: part } = await inTime(parts.next())
    if (done) return
    if (part.type === 'file' && fields.has(part.fieldname)) {
      const { fieldname } = part
      yield {
        type: 'field' as const,
        fieldname,
        value: await inTime(textOf(part.file)),
        valueTruncated: false,
        json: part.filename === undefined && part.mimetype === 'application/json',
      }
    } else {
      yield part.type === 'file' ? part : { ...part, json: false }
    }
  }
}

async function soon<T>(part: Promise<T>, withinMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new ChatError('RequestTimeoutError', 'The parts of the form took too long to arrive')),
    Math.max(0, withinMs),
  )
  try {
    return await Promise.race([part, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

type FilePart = Extract<Part, { type: 'file' }>['file']

async function textOf(file: FilePart): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of file) {
    size += chunk.length
    if (size > fieldsMax) throw fieldsTooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Text that is no JSON stays text, which the check of the field then refuses by name. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function fieldsTooLarge(): ChatError {
  return new ChatError('PayloadTooLargeError', `The parts beside the file may have ${fieldsMax} bytes`)
}

async function* bytesOf(file: FilePart): AsyncGenerator<Uint8Array> {
  try {
    yield* file
  } catch (error) {
    throw asRefusal(error)
  }
}

/** Errors that the parser throws are the client's fault. */
function asRefusal(error: unknown): unknown {
  if (error instanceof ChatError) return error
  if (error instanceof Error && 'statusCode' in error && error.statusCode === 413) {
    return new ChatError('PayloadTooLargeError', 'The form has too many parts')
  }
  if (error instanceof Error && 'code' in error && error.code === 'FST_PROTO_VIOLATION') {
    return new ChatError(
      'ClientError',
      'A part of the form has a name that is not possible, such as __proto__',
    )
  }
  return new ChatError('ClientError', 'The multipart form is malformed or cut off')
}

/** Reads and discards the rest of the request: most clients read no answer before they have sent everything. */
function discardBody({ raw }: FastifyRequest): void {
  raw.unpipe()
  raw.resume()
}
