import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { insertApplication } from '#data/applications/applications.ts'
import type { Tx } from '#data/database.ts'
import { statisticsTables } from '#data/dumps/tables.ts'
import { drawRanges, insertRows } from '#data/dumps/write.ts'
import { writeApplicationRow } from '#data/worlds/contents.ts'
import { Numbering, type Range, shifted } from '#data/worlds/renumber.ts'
import type { Space } from '#data/worlds/spaces.ts'
import { keptTables, sealedTables } from '#data/worlds/tables.ts'
import type { NewCredentials } from '#domain/applications/create-application.ts'
import { generateSecret, hashSecret } from '#domain/applications/secrets.ts'
import { batchesOfDump } from '#domain/dumps/batches-of-dump.ts'
import type { Dump } from '#domain/dumps/check-dump.ts'
import type { DumpManifest } from '#domain/dumps/dump-format.ts'
import { forgetFiles } from '#domain/dumps/forget-files.ts'
import { storeDumpedFiles } from '#domain/dumps/store-dumped-files.ts'
import { sealRow } from '#domain/worlds/seal-row.ts'
import { unsealRow } from '#domain/worlds/unseal-row.ts'
import { ApplicationCells } from '#resources/worlds/snapshot.ts'

/**
 * Adds the application in a dump to the existing ones, with new ids and credentials; either completely or not at all.
 * @param onProgress called with the number of rows written so far
 * @param signal ends it, if aborted before the last row is read
 * @throws Error for the operator, if the dump does not hold a single application
 */
export async function restoreApplication(
  ctx: Context,
  { path, header, manifest }: Dump,
  name: string,
  onProgress: (rows: number) => void = () => {},
  signal?: AbortSignal,
): Promise<NewCredentials & { id: number }> {
  const [origin] = manifest.applications
  if (header.scope !== 'application' || !origin) {
    throw new Error('The dump is of a whole server: dump the application alone, with --application')
  }
  const keys = new Map<string, string>()
  const nameOf = (key: string) => {
    const name = keys.get(key) ?? uuid()
    keys.set(key, name)
    return name
  }
  const stored = await storeDumpedFiles(ctx, path, nameOf, signal)
  const credentials = { clientId: uuid(), clientSecret: generateSecret(), apiKey: uuid() }
  const { clientId, apiKey } = credentials
  const secretHash = await hashSecret(credentials.clientSecret)
  try {
    return await ctx.db.transact(async (tx) => {
      const id = await insertApplication(tx, { name, key: apiKey, clientId, secretHash })
      const numbering = new Numbering(id, shifted(await rangesOf(tx, manifest)), { keys })
      let written = 0
      for await (const { table, rows } of batchesOfDump(path, signal)) {
        if (statisticsTables.has(table)) {
          const own = rows.map((row) => asJson({ ...parsed(row), application_id: id }))
          await insertRows(tx, table, header.columns[table] ?? [], own)
        }
        const kept = keptTables.find((each) => each.name === table)
        if (table === 'application') await writeApplicationRow(tx, id, applicationOf(rows[0]))
        if (!kept) continue
        const renumbered: Buffer[] = []
        for (const bytes of rows) {
          const row = parsed(bytes)
          const open = sealedTables.has(table) ? await unsealRow(ctx, origin.id, table, row) : row
          const moved = open && numbering.row(kept, open)
          if (!moved) continue
          renumbered.push(asJson(await sealRow(ctx, tx, moved, { world: { id, apiKey }, table })))
        }
        await insertRows(tx, table, header.columns[table] ?? [], renumbered)
        written += rows.length
        onProgress(written)
      }
      return { id, ...credentials }
    })
  } catch (error) {
    await forgetFiles(ctx, stored)
    throw error
  }
}

/** Prevents a forged dump from using up the ids that other applications need. */
const numbersMax = 1e12

/** Reserves as many numbers of each kind as lie between the first and the last of the dump. */
async function rangesOf(tx: Tx, { ids }: DumpManifest): Promise<Map<Space, Range>> {
  const spans = new Map<Space, { least: number; most: number }>()
  for (const { name, numbers } of keptTables) {
    const [least, most] = ids[name] ?? []
    if (least === undefined || most === undefined) continue
    const space = numbers.id as Space
    const known = spans.get(space) ?? { least, most }
    spans.set(space, { least: Math.min(least, known.least), most: Math.max(most, known.most) })
  }
  const counts = new Map([...spans].map(([space, { least, most }]) => [space, most - least + 1]))
  if ([...counts.values()].some((count) => count > numbersMax)) {
    throw new Error('The ids of the dump are too far apart: they would use up those of the others')
  }
  const firsts = await drawRanges(tx, counts)
  return new Map([...spans].map(([space, span]) => [space, { ...span, first: firsts.get(space) ?? 0 }]))
}

const asJson = (row: object) => Buffer.from(JSON.stringify(row))
const parsed = (row: Buffer) => JSON.parse(row.toString('utf8'))

function applicationOf(row: Buffer = Buffer.from('{}')): ApplicationCells {
  return ApplicationCells.strip().parse(parsed(row))
}
