// Programs that the server started end with it, even if it is killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isAlive } from '../support/is-alive.ts'
import { startRunner } from './support.ts'

const src = join(import.meta.dirname, '../../src/functions')
let folder: string
const servers: ChildProcess[] = []
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'chatterie-supervise-')))
})
afterEach(() => {
  for (const server of servers.splice(0)) server.kill('SIGKILL')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Started {
  server: ChildProcess
  /** In its first line of output. */
  pids: number[]
  /** Its further lines. */
  lines: AsyncIterator<string>
}

/** Runs the module in a process. */
async function startServer(source: string): Promise<Started> {
  const args = ['--input-type=module', '--no-warnings', '-e', source, folder]
  const server = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(import.meta.dirname, '../..'),
  })
  servers.push(server)
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]()
  const { value = '' } = await lines.next()
  return { server, pids: JSON.parse(value), lines }
}

const isGone = (pid: number) => expect.poll(() => isAlive(pid)).toBe(false)

const supervised = (way: string, program: string) => `
  import { spawnSupervised } from ${JSON.stringify(join(src, 'supervise.ts'))}
  const options = { env: {}, stdio: ['ignore', 'ignore', 'pipe', 'pipe'], limits: ['-c 0'] }
  const program = [process.execPath, '-e', 'process.stderr.write("on");' + ${JSON.stringify(program)}]
  const child = spawnSupervised(program, options${way ? `, '${way}'` : ''})
  child.stderr.once('data', () => console.log(JSON.stringify([child.pid])))
  child.once('close', () => console.log('closed'))
  setInterval(() => {}, 1000)`

describe.skipIf(process.platform === 'win32')('a supervised program ends with the server', () => {
  it.each([
    ['by the means of this system', ''],
    ['by a supervising shell', 'shell'],
  ])('%s, though it is busy and the server was killed', async (_, way) => {
    const { server, pids } = await startServer(supervised(way, 'for (;;);'))
    const [pid = 0] = pids
    expect(isAlive(pid)).toBe(true)
    server.kill('SIGKILL')
    await isGone(pid)
  })

  it.each([
    ['by the means of this system', ''],
    ['by a supervising shell', 'shell'],
  ])('%s, though the server was killed as it began', async (_, way) => {
    const { pids } = await startServer(`
      import { spawnSupervised } from ${JSON.stringify(join(src, 'supervise.ts'))}
      const heldUp = '-c 0; sleep 0.5;:' // by the shell that sets limits, as on a busy machine
      const options = { env: {}, stdio: ['ignore', 'ignore', 'ignore'], limits: [heldUp] }
      const child = spawnSupervised([process.execPath, '-e', 'for (;;);'], options${way ? `, '${way}'` : ''})
      console.log(JSON.stringify([child.pid]))
      process.kill(process.pid, 'SIGKILL')`)
    await isGone(pids[0] ?? 0)
  })

  it.runIf(process.platform === 'linux')('and the supervising shell ends with the program', async () => {
    const { server, lines } = await startServer(supervised('shell', 'process.exit(0) // marked'))
    expect(await lines.next()).toMatchObject({ value: 'closed' })
    const watchers = async () => {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
      const lines = await Promise.all(
        pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
      )
      return lines.filter((line) => line.startsWith('/bin/sh') && line.includes('// marked')).length
    }
    await expect.poll(watchers).toBe(0)
    expect(server.exitCode).toBe(null)
  })
})

it('functions that loop, fill the memory or wait end with a server that was killed', async () => {
  const { server, pids } = await startServer(`
    import { FunctionRunner } from ${JSON.stringify(join(src, 'runner.ts'))}
    const log = { warn() {} }
    const runner = new FunctionRunner({ folder: process.argv[1] + '/shared', egress: 'open', log })
    const bodies = ['setImmediate(() => { for (;;); })',
      'const all = []; setInterval(() => all.push(Buffer.alloc(1e6, 1)), 10)', 'setInterval(() => {}, 10)']
    const pids = await Promise.all(bodies.map(async (body, nth) => {
      const outcome = await runner.invoke(
        { applicationId: nth, folder: process.argv[1] + '/' + nth, environment: {}, apiOrigin: 'http://127.0.0.1:9' },
        { versionId: 1, handlerScript: 'const handleEvent = () => { ' + body + '; return process.pid }',
          event: {}, token: '', timeoutMs: 60000 })
      return outcome.result
    }))
    console.log(JSON.stringify(pids))
    setInterval(() => {}, 1000)`)
  expect(pids).toHaveLength(3)
  for (const pid of pids) expect(isAlive(pid)).toBe(true)
  server.kill('SIGKILL')
  for (const pid of pids) await isGone(pid)
})

describe.skipIf(process.platform === 'win32')('a start', () => {
  /** Starts a server with a child process that is recorded, but not supervised. */
  async function leave(records: string) {
    const found = await startServer(`
      import { spawn } from 'node:child_process'
      import { ProcessRecords } from ${JSON.stringify(join(src, 'left-overs.ts'))}
      import { existsSync } from 'node:fs'
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
      void new ProcessRecords(${JSON.stringify(records)}).keep(child.pid, new Promise(() => {}))
      while (!existsSync(${JSON.stringify(records)} + '/' + child.pid + '.json')) await new Promise((r) => setTimeout(r, 5))
      console.log(JSON.stringify([child.pid]))
      setInterval(() => {}, 1000)`)
    return { server: found.server, pid: found.pids[0] ?? 0 }
  }
  const kill = async (server: ChildProcess) => {
    server.kill('SIGKILL')
    await once(server, 'exit')
  }

  it('ends what an earlier server left running, and nothing else', async () => {
    const shared = await mkdtemp(join(folder, 'shared-'))
    const records = join(shared, 'processes')
    const orphan = await leave(records)
    const stranger = await leave(records)
    const neighbour = await leave(records)
    await kill(orphan.server)
    await kill(stranger.server)
    const file = join(records, `${stranger.pid}.json`)
    const entry = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...entry, start: 'another time' })) // as if the id had been reused
    await writeFile(join(records, 'torn.json'), '{"pid":')

    const test = await startRunner({ folder: shared })
    await isGone(orphan.pid)
    await expect.poll(() => test.warnings).toEqual([expect.objectContaining({ pids: [orphan.pid] })])
    expect(isAlive(stranger.pid), 'what has the id of what there was').toBe(true)
    expect(isAlive(neighbour.pid), 'what another server runs').toBe(true)
    expect(await readdir(records)).toEqual([`${neighbour.pid}.json`])
    for (const { pid } of [stranger, neighbour]) process.kill(pid, 'SIGKILL')
    await test.close()
  })
})
