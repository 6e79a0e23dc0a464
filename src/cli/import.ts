import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { v4 as uuid } from 'uuid'
import { type Api, type Body, connect, followJob, type RemoteOptions } from '#cli/api.ts'
import { type ImportKind, importKinds } from '#cli/kinds.ts'
import { Failure, type Output, print, UsageError } from '#cli/output.ts'
import { openProgress } from '#cli/progress.ts'
import type { Job } from '#resources/job.ts'

const errorsShown = 10
const pieceBytes = 262_144

export interface ImportOptions extends RemoteOptions {
  channel?: string
}

/** Uploads a file as a stream and waits for its job. Fails if any item could not be stored. */
export async function importFile(
  kind: string,
  file: string,
  options: ImportOptions,
  output: Output,
): Promise<void> {
  const path = pathOf(kind, options.channel)
  const size = await sizeOf(file)
  const api = await connect(options)
  const { id } = await upload(api, path, file, size, output)
  const job = await followJob(api, id, openProgress('Importing', 'items', output))
  print(output, withoutLinks(job), describe(job))
  if (job.state === 'FAILED' || job.failed > 0) throw new Failure()
}

function pathOf(kind: string, channel: string | undefined): string {
  if (!importKinds.includes(kind as ImportKind)) {
    throw new UsageError(`There is no import of ${kind}, but of ${importKinds.join(', ')}`)
  }
  if (kind !== 'channel-members') {
    if (channel !== undefined) throw new UsageError('--channel is for channel-members only')
    return `/imports/${kind}`
  }
  if (!/^\d+$/.test(channel ?? '')) throw new UsageError('Members of which channel? Give its id as --channel')
  return `/imports/channels/${channel}/members`
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) throw new UsageError(`There is no file ${file}`)
  return found.size
}

async function upload(api: Api, path: string, file: string, size: number, output: Output): Promise<Job> {
  const progress = openProgress('Uploading', 'bytes', output)
  try {
    const body = multipart(file, (sent) => progress.show(sent, size))
    return (await (await api.send('POST', path, body)).json()) as Job
  } finally {
    progress.end()
  }
}

/** Encodes a file as multipart/form-data (RFC 7578), piece by piece. */
function multipart(file: string, onSent: (bytes: number) => void): Body {
  const boundary = uuid()
  const name = encodeURIComponent(basename(file))
  async function* form() {
    yield Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n` +
        'Content-Type: application/json\r\n\r\n',
    )
    let sent = 0
    for await (const piece of createReadStream(file, { highWaterMark: pieceBytes })) {
      yield piece as Buffer
      sent += piece.length
      onSent(sent)
    }
    yield Buffer.from(`\r\n--${boundary}--\r\n`)
  }
  return { content: ReadableStream.from(form()), type: `multipart/form-data; boundary=${boundary}` }
}

function withoutLinks(job: Job & { _links?: unknown }): Job {
  const { _links, ...rest } = job
  return rest
}

function describe({ id, state, processed, failed, errors }: Job): string {
  const outcome = state === 'FAILED' ? 'failed' : 'finished'
  const shown = errors.slice(0, errorsShown).map(({ index, reason }) => `  item ${index}: ${reason}`)
  const more = failed - shown.length
  return [
    `Job ${id} ${outcome}: ${processed - failed} items stored, ${failed} failed.`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n')
}
