import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAlive } from '../support/is-alive.ts'
import { handler, startGate, startRunner, type TestRunner } from './support.ts'

let test: TestRunner
beforeAll(async () => {
  test = await startRunner({ memoryMb: 96 })
})
afterAll(() => test.close())

const fine = handler('return process.pid')

/** The next invocation works after any failure. */
async function expectNextRunToWork(): Promise<void> {
  expect(await test.invoke(fine)).toMatchObject({ status: 'SUCCEEDED' })
}

describe('a function fails with what it throws', () => {
  it.each([
    ['an error', 'throw new TypeError("no")', { name: 'TypeError', message: 'no' }],
    ['a rejection', 'await Promise.reject(new RangeError("far"))', { name: 'RangeError', message: 'far' }],
    ['a text', 'throw "plain"', { name: 'Error', message: 'plain' }],
    ['undefined', 'throw undefined', { name: 'Error', message: 'undefined' }],
    ['an object', 'throw { message: "like an error", code: 7 }', { name: 'Error', message: 'like an error' }],
    ['an object without a message', 'throw { code: 7 }', { name: 'Error', message: '{"code":7}' }],
    [
      'what cannot be looked at',
      'throw { get message() { throw 1 } }',
      { name: 'Error', message: 'something was thrown that cannot be shown' },
    ],
    ['deep recursion', 'const f = () => f() + 1; f()', { name: 'RangeError' }],
    [
      'a dependency that is missing',
      'require("left-pad")',
      { message: `Cannot find module 'left-pad': it is not one of the runtime's dependencies` },
    ],
    [
      'what is thrown later',
      'setTimeout(() => { throw new Error("late") }); await new Promise(() => {})',
      { message: 'late' },
    ],
    [
      'what nobody catches',
      'Promise.reject(new Error("lost")); await new Promise(() => {})',
      { message: 'lost' },
    ],
  ])('%s', async (_, body, error) => {
    expect(await test.invoke(handler(body))).toMatchObject({ status: 'FAILED', reason: 'threw', error })
    await expectNextRunToWork()
  })

  it('and the error has the lines of the script, though it was compiled', async () => {
    const script = `interface Unused {
      a: string
    }
    // a comment
    enum Kind { A }

    async function handleEvent(event: unknown) {
      await Promise.resolve()
      fail()
    }
    function fail(): never { throw new Error('here') }`
    const outcome = await test.invoke(script)
    expect(outcome).toMatchObject({ error: { message: 'here' } })
    const { stack } = (outcome as { error: { stack: string } }).error
    expect(stack.split('\n').map((line) => line.replace(/:\d+\)/, ')'))).toEqual([
      'Error: here',
      '    at fail (function.ts:11)',
      '    at handleEvent (function.ts:9)',
    ])
  })

  it('and logged errors have those lines too, and their properties', async () => {
    const script = `
    interface Unused { a: string }

    async function handleEvent() {
      try {
        throw Object.assign(new Error('here'), { code: 'E' })
      } catch (error) {
        console.error(error)
        console.log((error as Error).stack)
      }
    }`
    const { logs } = await test.invoke(script)
    expect(logs.map(({ text }) => text)).toEqual([
      "Error: here\n    at handleEvent (function.ts:6:29) {\n  code: 'E'\n}",
      'Error: here\n    at handleEvent (function.ts:6:29)',
    ])
  })

  it.each([
    ['of fetch', 'await fetch("http://127.0.0.1:1/")', 'TypeError: fetch failed', /Caused by: Error: .+/],
    [
      'of several attempts',
      'await Promise.any([Promise.reject(new Error("one")), Promise.reject("two")])',
      'AggregateError: All promises were rejected',
      /Caused by: Error: one\n.*handleEvent.*\nCaused by: Error: two$/,
    ],
    [
      'that goes round',
      'const e = new Error("me"); e.cause = e; throw e',
      'Error: me',
      /(Caused by: Error: me[\s\S]*){4}/,
    ],
    [
      'that cannot be read',
      'throw Object.defineProperty(new Error("me"), "cause", { get() { throw 1 } })',
      'Error: me',
      /^Error: me\n.*handleEvent.*$/,
    ],
  ])('and the error has the cause %s', async (_, body, begins, stack) => {
    const { error } = (await test.invoke(handler(body))) as { error: { stack: string } }
    expect(error.stack.slice(0, begins.length)).toBe(begins)
    expect(error.stack).toMatch(stack)
  })
})

describe('a script that cannot run', () => {
  it('is refused with line and column where its syntax is invalid', async () => {
    expect(await test.invoke('async function handleEvent() {\n  return }}\n')).toMatchObject({
      status: 'FAILED',
      reason: 'threw',
      error: { name: 'SyntaxError', message: expect.stringMatching(/^function\.ts:2:11: /) },
    })
  })

  it('is refused where the event cannot be delivered', async () => {
    expect(await test.invoke(fine, { event: { n: 1n } })).toMatchObject({
      status: 'FAILED',
      reason: 'runtime',
    })
    await expectNextRunToWork()
  })

  it('is refused where it has no handler', async () => {
    expect(await test.invoke('const nothing = 1')).toMatchObject({
      status: 'FAILED',
      reason: 'threw',
      error: { message: 'the script has no function named handleEvent' },
    })
    await expectNextRunToWork()
  })

  it.each([
    ['throws', 'throw new TypeError("bad start")', 'threw', { name: 'TypeError', message: 'bad start' }],
    [
      'is no script',
      'const a = ]',
      'threw',
      { message: expect.stringMatching(/^initialization\.ts:1:11: /) },
    ],
    ['ends its process', 'process.exit(3)', 'runtime', { message: expect.stringContaining('exit code 3') }],
  ])('fails where the initialization script %s', async (_, initializationScript, reason, error) => {
    const spec = { applicationId: 2, initializationScript }
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await test.invoke(fine, { spec })).toMatchObject({ status: 'FAILED', reason, error })
    }
    expect(await test.invoke(fine, { spec: { applicationId: 2 } })).toMatchObject({ status: 'SUCCEEDED' })
  })
})

describe('a function that does not end is stopped', () => {
  it.each([
    ['an endless loop', 'while (true) {}'],
    ['a promise that never settles', 'await new Promise(() => {})'],
    ['an endless chain of microtasks', 'for (;;) await null'],
    ['an expression that backtracks', '/^(a+)+$/.test("a".repeat(40) + "b")'],
    ['an endless loop that prints', 'while (true) console.log("x".repeat(1000))'],
  ])('%s', async (_, body) => {
    const process = (await test.result(fine)) as number
    const outcome = await test.invoke(handler(`console.log('begun'); ${body}`), { timeoutMs: 500 })
    expect(outcome).toMatchObject({ status: 'FAILED', reason: 'timeout' })
    expect(outcome.logs[0], 'what it had printed is kept').toMatchObject({ text: 'begun' })
    expect(outcome.durationMs).toBeGreaterThan(490)
    expect(isAlive(process)).toBe(false)
    await expectNextRunToWork()
  })
})

describe('a function that takes too much memory is stopped', () => {
  it.each([
    ['in the heap', 'const all = []; for (;;) all.push({ a: [1, 2, 3], b: String(all.length) })'],
    ['beside the heap', 'const all = []; for (;;) { all.push(Buffer.alloc(1e7, 1)); await null }'],
    ['in one piece', 'Buffer.alloc(2e9, 1); await new Promise(() => {})'],
  ])('%s', async (_, body) => {
    expect(await test.invoke(handler(body), { timeoutMs: 20_000 })).toMatchObject({
      status: 'FAILED',
      reason: 'memory',
      error: { message: 'it took more than 96 MB of memory' },
    })
    await expectNextRunToWork()
  })

  it('also for what it leaves in memory after its run', async () => {
    const spec = { applicationId: 6 }
    const script = handler(`
      const all = []
      setInterval(() => all.push(Buffer.alloc(2e7, 1)), 10)
      return process.pid`)
    const process = (await test.result(script, { spec })) as number
    await expect.poll(() => isAlive(process)).toBe(false)
  })

  it('and its process is replaced where it keeps too much memory', async () => {
    const keep = handler('(globalThis.kept ??= []).push(Buffer.alloc(5e7, 1)); return process.pid')
    const pids: unknown[] = []
    for (let run = 0; run < 6; run++) pids.push(await test.result(keep))
    expect(new Set(pids).size).toBeGreaterThan(1)
  })
})

describe('a function that exits its process fails, and others do not', () => {
  it.each([
    ['process.exit', 'process.exit(0)', 'exit code 0'],
    ['process.abort', 'process.abort()', 'SIGABRT'],
    ['process.reallyExit', 'process.reallyExit(7)', 'exit code 7'],
  ])('%s', async (_, body, how) => {
    const outcome = await test.invoke(handler(`console.log('before'); ${body}`))
    expect(outcome).toMatchObject({
      status: 'FAILED',
      reason: 'crashed',
      error: { message: expect.stringContaining(how) },
      logs: [{ text: 'before' }],
    })
    await expectNextRunToWork()
  })

  it('killed from outside', async () => {
    const gate = await startGate()
    const victim = (await test.result(fine)) as number
    const running = test.invoke(handler('await fetch(event.url)'), { event: gate })
    await gate.reached
    process.kill(victim, 'SIGKILL')
    expect(await running).toMatchObject({
      reason: 'crashed',
      error: { message: expect.stringContaining('SIGKILL') },
    })
    await gate.close()
    await expectNextRunToWork()
  })
})
