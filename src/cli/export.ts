import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { connect, followJob, type RemoteOptions } from '#cli/api.ts'
import { mustBeWritable } from '#cli/arguments.ts'
import { interruptible } from '#cli/interruptible.ts'
import { type ExportKind, exportKinds } from '#cli/kinds.ts'
import { Failure, type Output, print, UsageError } from '#cli/output.ts'
import { openProgress } from '#cli/progress.ts'
import type { Job } from '#resources/job.ts'

export interface ExportOptions extends RemoteOptions {
  output?: string
}

/** Makes the server write a CSV file, and downloads it as a stream. */
export async function exportFile(what: string, options: ExportOptions, output: Output): Promise<void> {
  if (!exportKinds.includes(what as ExportKind)) {
    throw new UsageError(`There is no export of ${what}, but of ${exportKinds.join(', ')}`)
  }
  if (output.json && options.output === undefined) {
    throw new UsageError('The CSV would mix with the JSON: give a file as --output')
  }
  if (options.output !== undefined) await mustBeWritable(options.output)
  const api = await connect(options)
  const { id } = (await (await api.send('POST', `/analytics/${what}`)).json()) as Job
  const job = await followJob(api, id, openProgress('Exporting', 'rows', output))
  if (job.state === 'FAILED' || job.file === undefined) {
    process.stderr.write(`Job ${id} failed: ${job.errors[0]?.reason ?? 'the log of the server says why'}\n`)
    throw new Failure()
  }
  await download(await api.open(job.file), options.output)
  if (options.output !== undefined) {
    print(output, { id, file: options.output, rows: job.processed }, `${options.output} was written.`)
  }
}

/** Downloads to a temporary file, which is renamed when complete. */
async function download(answer: Response, path: string | undefined): Promise<void> {
  if (!answer.ok || answer.body === null) throw new Error(`The file could not be fetched (${answer.status})`)
  const content = Readable.fromWeb(answer.body as import('node:stream/web').ReadableStream)
  if (path === undefined) return pipeline(content, stdout())
  const part = `${path}.part`
  try {
    await interruptible((signal) => pipeline(content, createWriteStream(part), { signal }))
    await rename(part, path)
  } finally {
    await rm(part, { force: true })
  }
}

/** Returns a separate stream, because stdout itself must not be closed. */
function stdout(): Writable {
  return new Writable({ write: (chunk, _encoding, done) => process.stdout.write(chunk, done) })
}
