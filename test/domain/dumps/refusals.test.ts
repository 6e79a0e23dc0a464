// Dumps that are refused or interrupted.
import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress, gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkDump } from '#domain/dumps/check-dump.ts'
import { restoreApplication } from '#domain/dumps/restore-application.ts'
import { restoreDump } from '#domain/dumps/restore-dump.ts'
import { writeDump } from '#domain/dumps/write-dump.ts'
import { type DumpedServer, dumpServer, isEmpty, version } from './dumped.ts'

let dumped: DumpedServer
beforeAll(async () => {
  dumped = await dumpServer()
})
afterEach(() => dumped.forget())
afterAll(() => dumped.close())

/** Calls `work` with a signal, and with what aborts it. */
function interrupted<T>(work: (signal: AbortSignal, stop: () => void) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  return work(controller.signal, () => controller.abort(new Error('stopped')))
}

async function filesIn(home: string): Promise<number> {
  const found = await readdir(join(home, 'files'), { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter((entry) => entry.isFile()).length
}

describe('nothing is written', () => {
  it('of a dump that was cut off or altered', async () => {
    const { ctx, home } = await dumped.elsewhere()
    const bytes = await readFile(dumped.whole)
    const text = gunzipSync(bytes).toString('utf8')
    const lines = text.split('\n')
    const broken = [
      bytes.subarray(0, bytes.length - 10),
      bytes.subarray(0, bytes.length / 2),
      gzipSync(lines.slice(0, -3).join('\n')),
      gzipSync(text.replace('Ahoy', () => 'Ahoi')),
      gzipSync(lines.toSpliced(4, 1).join('\n')),
      gzipSync('{"format":"chatterie-dump"'),
      Buffer.from(text),
      Buffer.alloc(0),
    ]
    for (const [at, content] of broken.entries()) {
      const path = join(dumped.folder, `broken-${at}`)
      await writeFile(path, content)
      await expect(checkDump(path), `${at}`).rejects.toThrow(
        /cut off or altered|is not a dump|cannot read it/,
      )
    }
    expect([await isEmpty(ctx), await filesIn(home)]).toEqual([true, 0])
  })

  /** A dump that somebody wrote by hand: its manifest is right. */
  async function forged(name: string, change: (lines: string[]) => string[], columns: object = {}) {
    const [first = '', ...rest] = gunzipSync(await readFile(dumped.whole))
      .toString('utf8')
      .trimEnd()
      .split('\n')
    const header = JSON.parse(first)
    const lines = change([
      JSON.stringify({ ...header, columns: { ...header.columns, ...columns } }),
      ...rest.slice(0, -1),
    ])
    const body = lines.map((line) => `${line}\n`).join('')
    const [, manifest] = JSON.parse(rest.at(-1) ?? '')
    const sha256 = createHash('sha256').update(body).digest('hex')
    const end = JSON.stringify([
      'end',
      { ...manifest, files: manifest.files + (name === 'file' ? 1 : 0), sha256 },
    ])
    const path = join(dumped.folder, `forged-${name}.gz`)
    await writeFile(path, gzipSync(`${body}${end}\n`))
    return path
  }

  it('of a dump that was crafted to do harm', async () => {
    const { ctx, home } = await dumped.elsewhere()
    const last = (line: string) => (lines: string[]) => [...lines, line]
    const second = (line: string) => (lines: string[]) => lines.toSpliced(1, 0, line)
    const climbing = `["bytes","../../../climbing","${btoa('x')}"]`
    for (const [name, path] of [
      ['file', await forged('file', second(climbing))],
      ['table', await forged('table', last('["lease",{"name":"events"}]'))],
      ['table', await forged('prototype', last('["__proto__",{"name":"events"}]'))],
      ['nothing', await forged('nothing', last('{}'))],
      ['columns', await forged('columns', (lines) => lines, { lease: ['name'] })],
      [
        'type',
        await forged('type', (lines) =>
          lines.map((line) => line.replace('["user",{"id":', () => '["user",{"id":{},"id2":')),
        ),
      ],
    ] as const) {
      const restored = checkDump(path).then((dump) => restoreDump(ctx, dump))
      await expect(restored, name).rejects.toThrow(
        /cut off or altered|cannot be a file|cannot read it|invalid/,
      )
    }
    expect([await isEmpty(ctx), await filesIn(home)]).toEqual([true, 0])
  })

  it('of a dump whose ids would exhaust those of others, and of a line without an end', async () => {
    const dump = await checkDump(dumped.one)
    const ids = { ...dump.manifest.ids, message: [1, Number.MAX_SAFE_INTEGER] as [number, number] }
    const far = { ...dump, manifest: { ...dump.manifest, ids } }
    await expect(restoreApplication(dumped.server.ctx, far, 'Far')).rejects.toThrow('too far apart')
    const endless = join(dumped.folder, 'endless.zst')
    await pipeline(
      Readable.from(Array.from({ length: 300 }, () => Buffer.alloc(1_048_576, 'x'))),
      createZstdCompress(),
      createWriteStream(endless),
    )
    await expect(checkDump(endless)).rejects.toThrow('too long for a dump')
  })

  it('of a dump of another version with an incompatible format', async () => {
    const [first = '', ...rest] = gunzipSync(await readFile(dumped.whole))
      .toString('utf8')
      .split('\n')
    const header = JSON.parse(first)
    for (const change of [{ version: 2 }, { columns: { ...header.columns, user: ['id', 'colour'] } }]) {
      const path = join(dumped.folder, 'newer.gz')
      await writeFile(path, gzipSync([JSON.stringify({ ...header, ...change }), ...rest].join('\n')))
      await expect(checkDump(path)).rejects.toThrow(
        'was written by Chatterie 1.2.3, and this version cannot read it',
      )
    }
  })

  it('where the database is not empty, or the key of its secrets is missing', async () => {
    const dump = await checkDump(dumped.whole)
    await expect(restoreDump(dumped.server.ctx, dump)).rejects.toThrow('The database is not empty')
    const { ctx, home } = await dumped.elsewhere({
      CHATTERIE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    })
    await expect(restoreDump(ctx, dump)).rejects.toThrow('CHATTERIE_ENCRYPTION_KEY is wrong')
    expect([await isEmpty(ctx), await filesIn(home)]).toEqual([true, 0])
  })

  it('of a restore that is interrupted, neither rows nor files', async () => {
    const { ctx, home } = await dumped.elsewhere()
    const stopped = AbortSignal.abort(new Error('stopped'))
    const [server, application] = [await checkDump(dumped.whole), await checkDump(dumped.one)]
    for (const restore of [
      () => restoreDump(ctx, server, undefined, stopped),
      () => restoreApplication(ctx, application, 'Copy', undefined, stopped),
      () => interrupted((signal, stop) => restoreDump(ctx, server, stop, signal)),
    ]) {
      await expect(restore()).rejects.toThrow('stopped')
      expect(await isEmpty(ctx)).toBe(true)
      expect(await filesIn(home)).toBe(0)
    }
  })

  it('of a dump that is interrupted', async () => {
    const path = join(dumped.folder, 'interrupted.gz')
    const writing = interrupted((signal, onProgress) =>
      writeDump(dumped.server.ctx, path, { version, signal, onProgress }),
    )
    await expect(writing).rejects.toThrow('aborted')
    expect((await readdir(dumped.folder)).filter((name) => name.includes('interrupted'))).toEqual([])
  })

  it('of a whole server under another name', async () => {
    const dump = await checkDump(dumped.whole)
    await expect(restoreApplication(dumped.server.ctx, dump, 'Copy')).rejects.toThrow(
      'dump the application alone',
    )
  })
})
