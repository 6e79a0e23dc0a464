// Multipart forms: the part `file` is stored while it arrives; the other parts may come before or after it.
import type { FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import type { Caller } from '#domain/access.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { type HostedFile, type IncomingFile, storeFile } from '#domain/files/store-file.ts'
import { ChatError, refused } from '#errors.ts'

/** What becomes of the file of a form. */
export interface Storage<F> {
  store(caller: Caller, incoming: IncomingFile): Promise<F>
  /** Undoes `store`, for the rest of the request failed. */
  discard(file: F): Promise<void>
}

/** The file is kept and served by us. */
export function hosting(ctx: Context): Storage<HostedFile> {
  return {
    store: (caller, incoming) => storeFile(ctx, caller, incoming),
    discard: ({ key }) => discardFile(ctx, key),
  }
}

/**
 * Reads a form: stores its file, and gives `use` what it holds. Whatever fails, the file is gone.
 * @throws ChatError 400 for a form that is cut off or has no file, 413 for what is too large
 */
export async function receive<F, R>(
  request: FastifyRequest,
  { about, storage, caller }: { about: string; storage: Storage<F>; caller: Caller },
  use: (file: F, fields: Record<string, unknown>) => Promise<R>,
): Promise<R> {
  const fields: Record<string, unknown> = {}
  const files: F[] = []
  try {
    for await (const part of partsOf(request)) {
      if (part.type === 'field') {
        if (part.valueTruncated) throw new ChatError('PayloadTooLargeError', `${part.fieldname} is too large`)
        fields[part.fieldname] ??= part.value
      } else if (part.fieldname !== 'file') {
        part.file.resume()
      } else if (files.length > 0) {
        throw refused(about, 'file', 'invalid', 'Send one file at a time')
      } else {
        const incoming = { name: part.filename ?? '', bytes: bytesOf(part.file) }
        files.push(await storage.store(caller, incoming))
      }
    }
    const [file] = files
    if (file === undefined) throw refused(about, 'file', 'missing_field', 'file is required')
    return await use(file, fields)
  } catch (error) {
    swallow(request)
    for (const file of files) await storage.discard(file)
    throw error
  }
}

type Part = Awaited<ReturnType<ReturnType<FastifyRequest['parts']>['next']>>['value']

async function* partsOf(request: FastifyRequest) {
  try {
    yield* request.parts()
  } catch (error) {
    throw asRefusal(error)
  }
}

async function* bytesOf(file: Extract<Part, { type: 'file' }>['file']): AsyncGenerator<Uint8Array> {
  try {
    yield* file
  } catch (error) {
    throw asRefusal(error)
  }
}

/** What the parser throws is the client's doing. */
function asRefusal(error: unknown): unknown {
  if (error instanceof Error && 'statusCode' in error && error.statusCode === 413) {
    return new ChatError('PayloadTooLargeError', 'The form has too many parts')
  }
  return new ChatError('ClientError', 'The multipart form is malformed or cut off')
}

/** Most clients read no answer before they have sent everything: let them, and forget it. */
function swallow({ raw }: FastifyRequest): void {
  raw.unpipe()
  raw.resume()
}
