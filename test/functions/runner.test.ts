import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isAlive } from '../support/is-alive.ts'
import { handler, startGate, startRunner, type TestRunner } from './support.ts'

let test: TestRunner
beforeAll(async () => {
  test = await startRunner()
})
afterAll(() => test.close())

const pid = handler('return process.pid')
/** A function that runs until the gate opens. */
const held = handler('await fetch(event.url); return process.pid')
const sample = `
const logs = [];

async function handleEvent(event: UserAttemptedStartSessionEvent, context: Context) {
    logs.push('Hello ' + event.username);
    return logs;
}`

describe('a handler', () => {
  it.each([
    ['a function', 'function handleEvent(event, context) { return event.a }'],
    [
      'an async function of TypeScript',
      'async function handleEvent(event: E, c: Context) { return event.a }',
    ],
    ['a constant', 'const handleEvent = async ({ a }) => a'],
    ['module.exports', 'module.exports = { handleEvent: (event) => event.a }'],
    ['exports', 'exports.handleEvent = async (event) => event.a'],
    ['a function that is all of module.exports', 'module.exports = async (event) => event.a'],
    ['an export', 'export async function handleEvent(event) { return event.a }'],
    ['the default export', 'export default async function (event) { return event.a }'],
  ])('may be %s', async (_, script) => {
    expect(await test.result(script, { event: { a: 'b' } })).toBe('b')
  })

  it('starts with fresh state in each run, in a process that is reused', async () => {
    expect(await test.result(sample, { event: { username: 'Jane' } })).toEqual(['Hello Jane'])
    expect(await test.result(sample, { event: { username: 'John' } })).toEqual(['Hello John'])
  })

  it('can use what the initialization script declares, in TypeScript too', async () => {
    const initializationScript = `
      const qs = require('qs')
      let count: number = 0
      function next(): number { return ++count }
      class Greeting { constructor(readonly text: string) {} }
      var old = 'var'
      globalThis.shared = 'global'`
    const script = handler(
      'return [next(), new Greeting("hi").text, old, shared, qs.stringify({ a: 1 }), this === undefined]',
    )
    const spec = { applicationId: 2, initializationScript }
    expect(await test.result(script, { spec })).toEqual([
      1,
      'hi',
      'var',
      'global',
      'a=1',
      expect.any(Boolean),
    ])
    expect(await test.result(script, { spec }), 'which runs once').toEqual([
      2,
      'hi',
      'var',
      'global',
      'a=1',
      false,
    ])
  })

  it('sees the variables of its runtime and nothing else', async () => {
    const environment = { MY_KEY: 'value', NODE_OPTIONS: '--allow-child-process', LD_PRELOAD: '/x.so' }
    const result = await test.result(handler('return { ...process.env }'), {
      spec: { applicationId: 3, environment },
    })
    expect(result).toEqual(environment)
  })

  it('can require the default dependencies and modules of Node, but not npm', async () => {
    const script = handler(`
      const { ChatKitty } = require('chatkitty-platform-sdk')
      return [typeof require('axios').get, require('axios').VERSION, require('qs').stringify({ a: 1 }),
        typeof require('axios-token-interceptor'), typeof ChatKitty, require('node:path').join('a', 'b')]`)
    expect(await test.result(script)).toEqual([
      'function',
      expect.stringMatching(/^0\.2/),
      'a=1',
      'function',
      'function',
      'a/b',
    ])
  })

  it.each([
    ['undefined', 'undefined', null],
    ['null', 'null', null],
    ['a date', 'new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['what has methods and undefined in it', '{ a: undefined, b() {}, c: [undefined] }', { c: [null] }],
    ['text of any character', '"\\u2028\\n\\u0000é😀"', '\u2028\n\u0000é😀'],
  ])('may return %s', async (_, expression, result) => {
    expect(await test.result(handler(`return ${expression}`))).toEqual(result)
  })

  it('writes its output to the logs, with level and time', async () => {
    const before = new Date().toISOString()
    const outcome = await test.invoke(
      handler(`
        console.log('a', { b: [1] }, '%d', 2); console.info('i'); console.debug('d'); console.warn('w')
        console.error(new Error('e').message); process.stdout.write('out\\n'); process.stderr.write('err\\n')
        console.table([{ a: 1 }])
        await new Promise((resolve) => setTimeout(resolve, 5))
        console.log('later')`),
    )
    expect(outcome.logs.map(({ level, text }) => `${level} ${text}`)).toEqual([
      `info a { b: [ 1 ] } %d 2`,
      'info i',
      'debug d',
      'warn w',
      'error e',
      'info out',
      'error err',
      expect.stringContaining('│ a │'),
      'info later',
    ])
    for (const { time } of outcome.logs) {
      expect(time >= before && time <= new Date().toISOString()).toBe(true)
    }
  })

  it('has the output of the initialization script in the logs of its first run', async () => {
    const spec = { applicationId: 4, initializationScript: `console.log('ready')` }
    const script = handler(`console.log('run')`)
    const texts = async () => (await test.invoke(script, { spec })).logs.map(({ text }) => text)
    expect(await texts()).toEqual(['ready', 'run'])
    expect(await texts()).toEqual(['run'])
  })

  it('has a measured duration', async () => {
    const outcome = await test.invoke(handler('await new Promise((resolve) => setTimeout(resolve, 50))'))
    expect(outcome.durationMs).toBeGreaterThan(45)
    expect(outcome.durationMs).toBeLessThan(2_000)
  })
})

describe('processes', () => {
  it('are separate from the server, and serve many runs', async () => {
    const first = await test.result(pid)
    expect(first).not.toBe(process.pid)
    for (let run = 0; run < 20; run++) expect(await test.result(pid)).toBe(first)
  })

  it('belong to one application', async () => {
    expect(await test.result(pid, { spec: { applicationId: 11 } })).not.toBe(
      await test.result(pid, { spec: { applicationId: 12 } }),
    )
  })

  it('are replaced by a deploy, while running functions finish in the old ones', async () => {
    const spec = { applicationId: 13 }
    const gate = await startGate()
    const old = (await test.result(pid, { spec })) as number
    const running = test.result(held, { spec, event: gate })
    await gate.reached
    test.runner.deploy(13)
    expect(await test.result(pid, { spec })).not.toBe(old)
    gate.open()
    expect(await running).toBe(old)
    await expect.poll(() => isAlive(old)).toBe(false)
    await gate.close()
  })

  it('are replaced when their environment changed, with or without a deploy', async () => {
    const script = handler('return [process.pid, process.env.A]')
    const [old] = (await test.result(script, { spec: { applicationId: 14, environment: { A: '1' } } })) as [
      number,
    ]
    const [young, value] = (await test.result(script, {
      spec: { applicationId: 14, environment: { A: '2' } },
    })) as [number, string]
    expect(value).toBe('2')
    expect(young).not.toBe(old)
    await expect.poll(() => isAlive(old)).toBe(false)
  })

  it('run one invocation each, and no more than the limit for one application at a time', async () => {
    const script = handler(
      'await new Promise((resolve) => setTimeout(resolve, 100)); return [process.pid, event.n]',
    )
    const spec = { applicationId: 15 }
    const results = (await Promise.all(
      Array.from({ length: 10 }, (_, n) => test.result(script, { spec, event: { n } })),
    )) as [number, number][]
    expect(results.map(([, n]) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(new Set(results.map(([process]) => process)).size).toBeLessThanOrEqual(4)
    expect(test.runner.pids(15).length).toBeLessThanOrEqual(4)
  })

  it('keep late output of an earlier run out of the logs of a later one', async () => {
    const spec = { applicationId: 16 }
    const leaving = handler(`setInterval(() => console.log('left behind'), 5); return process.pid`)
    const process = await test.result(leaving, { spec })
    const outcome = await test.invoke(
      handler(
        `await new Promise((resolve) => setTimeout(resolve, 60)); console.log('mine'); return process.pid`,
      ),
      { spec },
    )
    expect(outcome).toMatchObject({ status: 'SUCCEEDED', result: process, logs: [{ text: 'mine' }] })
  })
})

describe('a runner', () => {
  let small: TestRunner
  afterEach(() => small.close())

  it('ends idle processes', async () => {
    small = await startRunner({ idleMs: 50 })
    const process = (await small.result(pid)) as number
    await expect.poll(() => isAlive(process)).toBe(false)
    expect(await small.result(pid)).not.toBe(process)
  })

  it('limits the number of processes, and ends an idle one to start one for another application', async () => {
    small = await startRunner({ processesMax: 2 })
    const first = (await small.result(pid, { spec: { applicationId: 1 } })) as number
    await small.result(pid, { spec: { applicationId: 2 } })
    await small.result(pid, { spec: { applicationId: 3 } })
    await expect.poll(() => small.runner.pids().length).toBeLessThanOrEqual(2)
    expect(isAlive(first), 'the one idle for longest').toBe(false)
  })

  it('queues the runs of applications in turn where all processes are busy', async () => {
    small = await startRunner({ processesMax: 1 })
    const slow = handler('await new Promise((resolve) => setTimeout(resolve, 100)); return event.n')
    const run = (applicationId: number, n: number) =>
      small.result(slow, { spec: { applicationId }, event: { n } })
    expect(await Promise.all([run(1, 1), run(1, 2), run(2, 3), run(1, 4)])).toEqual([1, 2, 3, 4])
    expect(small.runner.pids().length).toBeLessThanOrEqual(2)
  })

  it('refuses runs that would wait too long, or behind too many', async () => {
    small = await startRunner({ processesPerApplicationMax: 1, waitingMax: 1 })
    const gate = await startGate()
    const running = small.result(held, { event: gate })
    await gate.reached
    const outcomes = await Promise.all([
      small.invoke(pid, { waitMs: 100 }),
      small.invoke(pid, { waitMs: 100 }),
    ])
    const messages = outcomes.map((outcome) => outcome.status === 'FAILED' && outcome.error.message)
    expect(messages.toSorted()).toEqual([
      'no process was free within 100 ms',
      'too many invocations of this application wait already',
    ])
    gate.open()
    expect(await running).toEqual(expect.any(Number))
    await gate.close()
  })

  it('says that the initialization has not ended where that is why nothing runs', async () => {
    small = await startRunner({ processesPerApplicationMax: 1 })
    const spec = { initializationScript: 'for (;;) {}' }
    expect(await small.invoke(pid, { waitMs: 1_000, spec })).toMatchObject({
      reason: 'runtime',
      error: { message: 'no process ended its initialization within 1000 ms' },
    })
  })

  it('that closes lets running functions finish, and fails waiting and new ones', async () => {
    small = await startRunner({ processesPerApplicationMax: 1 })
    const gate = await startGate()
    const running = small.invoke(held, { event: gate })
    await gate.reached
    const waiting = small.invoke(held, { event: gate })
    // The script is already compiled, so the invocation is queued after this turn of the event loop.
    await new Promise(setImmediate)
    const closing = small.runner.close()
    expect(await waiting).toMatchObject({ reason: 'runtime', error: { message: 'the server is stopping' } })
    expect(await small.invoke(pid)).toMatchObject({ status: 'FAILED', reason: 'runtime' })
    gate.open()
    expect(await running).toMatchObject({ status: 'SUCCEEDED' })
    await closing
    await gate.close()
  })

  it('that closes does not wait for ever', async () => {
    small = await startRunner({ closeMs: 100 })
    const gate = await startGate()
    const running = small.invoke(handler('await fetch(event.url); while (true) {}'), {
      timeoutMs: 60_000,
      event: gate,
    })
    await gate.reached
    gate.open()
    await small.runner.close()
    expect(await running).toMatchObject({ reason: 'runtime', error: { message: 'the server is stopping' } })
    await gate.close()
  })
})
