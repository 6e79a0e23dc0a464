import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { Context } from '#context.ts'
import { type RunningJob, saveProgress } from '#data/jobs/jobs.ts'
import { type PersonFile, type PersonSource, personParts, withPersonSnapshot } from '#data/persons/person.ts'
import { safeName } from '#domain/files/safe-name.ts'
import { writeFile } from '#domain/files/write-file.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import { isGone } from '#errors.ts'

/**
 * Streams a person's data into a ZIP, and ends the job: a JSON array for each part, the files under `files/`, and
 * finally a manifest with the numbers of rows and files. If interrupted, the export starts over.
 */
export async function exportPerson(ctx: Context, job: RunningJob, signal: AbortSignal): Promise<void> {
  const { applicationId, userId = 0 } = job
  const file = { name: `user-${userId}.zip`, contentType: 'application/zip' }
  const { key } = await writeFile(ctx, applicationId, file, (key) =>
    withPersonSnapshot(ctx.db, userId, (source) =>
      ctx.files.put(key, zipOf(ctx, job, source, signal), Number.MAX_SAFE_INTEGER),
    ),
  )
  await endJob(ctx, job, { state: 'FINISHED', fileKey: key })
}

async function* zipOf(
  ctx: Context,
  job: RunningJob,
  source: PersonSource,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const zip = new ZipFile()
  const counts: Record<string, number> = {}
  const add = (path: string, open: () => Promise<Readable>) =>
    zip.addReadStreamLazy(path, (give) => {
      open().then(
        (bytes) => give(null, bytes),
        (error) => give(error, Readable.from([])),
      )
    })
  for (const part of personParts) {
    add(`${part}.json`, async () =>
      Readable.from(
        arrayOf(source.rows(part), (count) => {
          counts[part] = count
        }),
      ),
    )
  }
  let files = 0
  for (const file of source.files) {
    add(pathOf(file), async () => {
      files += 1
      signal.throwIfAborted()
      if (files % reportedEvery === 0) await report(ctx, job, counts, files)
      return ctx.files.open(file.key).catch((error) => {
        if (!isGone(error)) throw error
        return Readable.from([]) // an empty file shows that its bytes are lost
      })
    })
  }
  add('manifest.json', async () => {
    const manifest = {
      userId: job.userId,
      time: new Date(ctx.clock.now()).toISOString(),
      rows: counts,
      files,
    }
    return Readable.from([Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)])
  })
  zip.end()
  const failed = new Promise<never>((_, reject) => zip.on('error', reject))
  failed.catch(() => {})
  const output = zip.outputStream as Readable
  zip.on('error', (error) => output.destroy(error as Error))
  for await (const chunk of output) {
    signal.throwIfAborted()
    yield chunk
  }
  await report(ctx, job, counts, files)
}

const reportedEvery = 100

/** Saves the job's progress, which counts rows and files. */
function report(ctx: Context, job: RunningJob, counts: Record<string, number>, files: number): Promise<void> {
  const processed = Object.values(counts).reduce((sum, count) => sum + count, files)
  return saveProgress(ctx.db, job.id, { processed, failed: 0, errors: [] })
}

/** Returns the path of a file in the ZIP; the key separates files of the same name. */
function pathOf({ key, name }: PersonFile): string {
  return `files/${key}/${safeName(name)}`
}

const lineFeed = 10

/** Turns lines of JSON into an array; passes their number to `onEnd`. */
async function* arrayOf(
  lines: AsyncIterable<Buffer>,
  onEnd: (count: number) => void,
): AsyncGenerator<Buffer> {
  let count = 0
  let isAfterLine = false
  yield Buffer.from('[\n')
  for await (const chunk of lines) {
    let from = 0
    for (;;) {
      const at = chunk.indexOf(lineFeed, from)
      const piece = chunk.subarray(from, at === -1 ? undefined : at)
      if (piece.length > 0) {
        if (isAfterLine) yield Buffer.from(',\n')
        isAfterLine = false
        yield piece
      }
      if (at === -1) break
      count += 1
      isAfterLine = true
      from = at + 1
    }
  }
  onEnd(count)
  yield Buffer.from('\n]\n')
}
