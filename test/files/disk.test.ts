import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DiskStore, openDiskStore } from '#files/disk.ts'

const hourMs = 3_600_000

let folder: string
let running: ChildProcess | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatterie-files-'))
})
afterEach(async () => {
  running?.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

async function* oneByte() {
  yield Buffer.from('x')
}

/** The names of all files below the folder. */
async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

it('spreads files over folders that only their owner can read', async () => {
  const store = new DiskStore(folder)
  await store.put('11111111-aa', oneByte(), 1)
  await store.put('11111111-bb', oneByte(), 1)
  expect((await readdir(folder)).sort()).toEqual(['aa', 'bb', 'uploads'])
  expect((await stat(join(folder, 'aa', '11111111-aa'))).mode & 0o777).toBe(0o600)
  expect(await readdir(join(folder, 'uploads'))).toEqual([])
})

it('removes the rest of an upload whose process was killed', async () => {
  running = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { DiskStore } from '#files/disk.ts'
       async function* endless() {
         for (;;) {
           yield Buffer.alloc(65536)
           process.send?.('written')
           await new Promise(setImmediate)
         }
       }
       await new DiskStore(${JSON.stringify(folder)}).put('killed', endless(), 1e12)`,
    ],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  await once(running, 'message')
  running.kill('SIGKILL')
  await once(running, 'exit')
  expect(await filesIn(folder)).toHaveLength(1)

  const store = new DiskStore(folder)
  await expect(store.open('killed')).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
  await store.sweep(Date.now() + hourMs)
  expect(await filesIn(folder)).toEqual([])
})

it('keeps uploads that other processes are writing', async () => {
  const { promise: swept, resolve } = Promise.withResolvers<void>()
  async function* slow() {
    yield Buffer.from('a')
    await swept
    yield Buffer.from('b')
  }
  const upload = new DiskStore(folder).put('slow', slow(), 2)
  await expect.poll(() => filesIn(folder)).toHaveLength(1)
  await new DiskStore(folder).sweep()
  resolve()
  expect((await upload).size).toBe(2)
  expect(await filesIn(folder)).toEqual(['slow'])
})

it('creates the folder where it does not exist', async () => {
  const store = openDiskStore(join(folder, 'new'))
  await expect(store.open('nothing')).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
  expect((await store.put('first', oneByte(), 1)).size).toBe(1)
})
