import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { residentBytesByPs, residentBytesOf } from '#functions/sandbox.ts'
import { handler, startRunner, type TestRunner } from './support.ts'

let test: TestRunner
beforeAll(async () => {
  test = await startRunner()
  await writeFile(join(test.folder, 'secret'), 'of the server')
})
afterAll(() => test.close())

const denied = { status: 'FAILED', reason: 'threw' }

describe('a function cannot', () => {
  it.each([
    ['fork', `require('child_process').fork('/x.js')`],
    ['spawn', `require('node:child_process').spawn('/bin/true')`],
    ['exec', `require('child_process').execSync('true')`],
    ['exec by getBuiltinModule', `process.getBuiltinModule('child_process').spawnSync('/bin/true')`],
    ['replace its process by another program', `process.execve('/bin/true', ['true'], {})`],
    ['fork a cluster', `require('cluster').fork()`],
    ['start threads', `new (require('worker_threads').Worker)('1', { eval: true })`],
    ['open the inspector', `require('inspector').open(0)`],
    ['inspect itself', `const s = new (require('inspector').Session)(); s.connect()`],
    ['load native add-ons', `process.dlopen({ exports: {} }, '/x.node')`],
    ['require native add-ons', `require('/x.node')`],
    ['load engines of OpenSSL', `require('crypto').setEngine('/x.so')`],
    ['use WASI', `new (require('wasi').WASI)({ version: 'preview1', preopens: { '/': '/' } })`],
    ['reach into Node', `process.binding('tcp_wrap')`],
    ['reach into Node by another way', `process._linkedBinding('tcp_wrap')`],
    ['change the engine', `require('v8').setFlagsFromString('--max-old-space-size=9999')`],
    ['trace into files', `require('trace_events').createTracing({ categories: ['v8'] }).enable()`],
    ['signal the server', 'process.kill(process.ppid, 0)'],
    ['start the inspector of the server', 'process._debugProcess(process.ppid)'],
    ['change the priority of the server', `require('os').setPriority(process.ppid, 19)`],
    ['become another user', 'process.setuid(1)'],
    [
      'listen',
      `require('http').createServer().listen(0).on('error', (e) => { throw e }); await new Promise(() => {})`,
    ],
    [
      'listen on a socket in the file system',
      `require('net').createServer().listen('./s').on('error', (e) => { throw e }); await new Promise(() => {})`,
    ],
  ])('%s', async (_, body) => {
    expect(await test.invoke(handler(body), { timeoutMs: 3_000 })).toMatchObject(denied)
  })

  it.each([
    ['/etc/passwd', '/etc/passwd'],
    ['the home folder of the user', homedir()],
    ['the variables of the server', `/proc/${process.pid}/environ`],
    ['the variables of its parent', '/proc/self/../$PPID/environ'],
    ['the code of the server', join(import.meta.dirname, '../../src/main.ts')],
    ['the packages of the server', join(import.meta.dirname, '../../package.json')],
    ['what lies beside its folder', '../../secret'],
  ])('read %s', async (_, path) => {
    const script = handler(`
      const fs = require('fs')
      const path = event.path.replace('$PPID', process.ppid)
      const ways = {
        readFileSync: () => fs.readFileSync(path, 'utf8'),
        readdirSync: () => fs.readdirSync(path),
        readFile: () => fs.promises.readFile(path, 'utf8'),
        open: () => fs.promises.open(path),
        stream: () => new Promise((ok, no) => fs.createReadStream(path).on('data', ok).on('error', no)),
        blob: async () => (await fs.openAsBlob(path)).text(),
        copy: () => fs.cpSync(path, './copy'),
        link: () => fs.symlinkSync(path, './link'),
        require: () => require(path),
        sql: () => new (require('node:sqlite').DatabaseSync)(path).exec('select 1 from sqlite_schema'),
        env: () => process.loadEnvFile(path),
      }
      const found = []
      for (const [name, way] of Object.entries(ways)) {
        try { await way(); found.push(name) } catch (error) {
          if (/of the server|root:/.test(String(error))) found.push(name + ' ' + error)
        }
      }
      return found`)
    expect(await test.result(script, { event: { path } })).toEqual([])
  })

  it.each(['/tmp', '.', '/dev/shm'])('write to %s', async (folder) => {
    const script = handler(`
      const fs = require('fs')
      const file = event.folder + '/chatterie-written'
      const ways = {
        write: () => fs.writeFileSync(file, 'x'),
        mkdir: () => fs.mkdirSync(file),
        append: () => fs.promises.appendFile(file, 'x'),
        temporary: () => fs.mkdtempSync(file),
        stream: () => new Promise((ok, no) => fs.createWriteStream(file).on('open', ok).on('error', no)),
        report: () => { if (!process.report.writeReport(file)) throw new Error() },
        heap: () => require('v8').writeHeapSnapshot(file),
        sql: () => new (require('node:sqlite').DatabaseSync)(file).exec('create table a (b)'),
        attach: () => new (require('node:sqlite').DatabaseSync)(':memory:').exec(
          "attach database '" + file + "' as x; create table x.a (b)"),
      }
      const done = []
      for (const [name, way] of Object.entries(ways)) try { await way(); done.push(name) } catch {}
      return done`)
    expect(await test.result(script, { event: { folder } })).toEqual([])
    expect(await readdir(join(test.folder, '1', 'work'))).toEqual([])
  })

  it('read variables of the server', async () => {
    process.env.CHATTERIE_TEST_SECRET = 'hunter2'
    const spec = { applicationId: 2, environment: { OWN: '1' } }
    const script = handler(`
      const report = JSON.stringify(process.report.getReport().environmentVariables)
      return [Object.keys(process.env), report.includes('hunter2'), process.argv.slice(2), process.execArgv.join().includes('hunter2')]`)
    expect(await test.result(script, { spec })).toEqual([['OWN'], false, [], false])
    delete process.env.CHATTERIE_TEST_SECRET
  })

  it('connect to sockets in the file system, such as that of Docker', async () => {
    const path = join(test.folder, 'docker.sock')
    const server = createServer((socket) => socket.end('open')).listen(path)
    await once(server, 'listening')
    const script = handler(
      `return new Promise((ok) => require('net').connect(event.path).on('connect', () => ok('open')).on('error', (e) => ok(e.code)))`,
    )
    expect(await test.result(script, { event: { path } })).toBe('EACCES')
    server.close()
  })

  it('read from file descriptors of the server', async () => {
    const script = handler(`
      const fs = require('fs')
      const open = []
      for (let fd = 0; fd < 100; fd++) try { const s = fs.fstatSync(fd); open.push(s.isFile() ? fd + ' file' : fd) } catch {}
      return open.filter((each) => String(each).includes('file'))`)
    expect(await test.result(script)).toEqual([])
  })
})

describe('a function can', () => {
  it('require its dependencies, as CommonJS and as ES modules, and read their files', async () => {
    const dependenciesFolder = join(test.folder, 'dependencies')
    const write = async (path: string, text: string) => {
      await mkdir(join(dependenciesFolder, path, '..'), { recursive: true })
      await writeFile(join(dependenciesFolder, path), text)
    }
    await write('node_modules/old/package.json', '{"main":"lib.js"}')
    await write(
      'node_modules/old/lib.js',
      `exports.name = 'old'; exports.data = require('fs').readFileSync(__dirname + '/data', 'utf8')`,
    )
    await write('node_modules/old/data', 'its data')
    await write('node_modules/@scope/young/package.json', '{"type":"module","exports":"./index.js"}')
    await write(
      'node_modules/@scope/young/index.js',
      `import old from 'old'; export default 'young with ' + old.name`,
    )
    const script = `
      import old from 'old'
      export async function handleEvent() {
        const { default: young } = await import('@scope/young')
        return [old.name, old.data, young]
      }`
    const spec = { applicationId: 3, dependenciesFolder }
    expect(await test.result(script, { spec })).toEqual(['old', 'its data', 'young with old'])
  })

  it('generate code from text, as template libraries do', async () => {
    expect(await test.result(handler(`return new Function('a', 'return a + 1')(1)`))).toBe(2)
  })
})

it.runIf(process.platform === 'linux')(
  'functions are the first to be killed when the machine runs out of memory',
  async () => {
    const pid = await test.result(handler('return process.pid'))
    await expect.poll(() => readFile(`/proc/${pid}/oom_score_adj`, 'utf8')).toBe('1000\n')
  },
)

it.runIf(process.platform === 'linux')(
  'functions have a memory limit enforced by the system, however fast they allocate and whatever they catch',
  async () => {
    const script = handler(`
      const all = []
      for (let tries = 0; tries < 50; tries++) try { all.push(Buffer.alloc(1e8, 1)) } catch {}
      return all.length`)
    const outcome = await test.invoke(script, { spec: { applicationId: 7 }, timeoutMs: 20_000 })
    if (outcome.status === 'SUCCEEDED') expect(outcome.result).toBeLessThan(15)
    else expect(outcome.reason).toBe('memory')
    const pid = await test.result(handler('return process.pid'))
    expect(await readFile(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max data size +\d+ +\d+ +bytes/)
  },
)

it.skipIf(process.platform === 'win32')(
  'the memory of functions is measured by ps where there is no /proc',
  async () => {
    const pid = (await test.result(handler('return process.pid'))) as number
    const [here, there] = await Promise.all([residentBytesOf(pid), residentBytesByPs(pid)])
    expect(there).toBeGreaterThan(20 * 1024 ** 2)
    expect(Math.abs((here ?? 0) - (there ?? 0))).toBeLessThan(20 * 1024 ** 2)
    expect(await residentBytesByPs(2 ** 22 + 1)).toBeUndefined()
  },
)
