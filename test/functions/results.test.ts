// What a run gives back: its result, its output, and what it leaves behind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAlive } from '../support/is-alive.ts'
import { handler, startRunner, type TestRunner } from './support.ts'

let test: TestRunner
beforeAll(async () => {
  test = await startRunner({ memoryMb: 96 })
})
afterAll(() => test.close())

const fine = handler('return process.pid')

describe('a result that JSON cannot hold is recorded as far as possible, and what is missing is noted', () => {
  it.each([
    ['circular', 'const a = { n: 1 }; a.a = a; return a', { n: 1, a: '[Circular]' }, /circular/],
    [
      'shared, which is not circular',
      'const a = { n: 1 }; return { a, b: [a, 1n] }',
      { a: { n: 1 }, b: [{ n: 1 }, '1'] },
      /BigInt/,
    ],
    ['a BigInt', 'return { n: 1n, m: 2 }', { n: '1', m: 2 }, /BigInt/],
    ['a function', 'return function f() {}', '[Function: f]', /function/],
    ['a symbol', 'return Symbol("a")', 'Symbol(a)', /symbol/],
    [
      'one whose toJSON throws',
      'return { a: 1, b: { toJSON() { throw new Error("mine") } } }',
      { a: 1, b: '[Unreadable]' },
      /mine/,
    ],
    [
      'one whose property throws',
      'return { a: 1, get b() { throw 1 } }',
      { a: 1, b: '[Unreadable]' },
      /cannot be read/,
    ],
    [
      'one that throws at every touch',
      'const no = () => { throw new Error("no") }; return [1, new Proxy({}, { get: no, ownKeys: no })]',
      [1, '[Unreadable]'],
      /no/,
    ],
    [
      'a revoked proxy',
      'const { proxy, revoke } = Proxy.revocable({}, {}); setTimeout(revoke); await new Promise((ok) => setTimeout(ok, 5)); return { proxy }',
      { proxy: '[Unreadable]' },
      /revoked/,
    ],
    [
      'deeper than the stack',
      'let a = {}; for (let n = 0; n < 1e5; n++) a = { a }; return a',
      expect.any(Object),
      /64 levels/,
    ],
  ])('%s', async (_, body, result, note) => {
    const outcome = await test.invoke(handler(`console.log('before'); ${body}`))
    expect(outcome).toMatchObject({ status: 'SUCCEEDED', result })
    expect(outcome.logs).toMatchObject([
      { text: 'before' },
      { level: 'warn', text: expect.stringMatching(/^the result is not recorded in full: /) },
    ])
    expect(outcome.logs.at(-1)?.text).toMatch(note)
  })

  it.each([
    ['a long text', 'return "é".repeat(2_000_000)'],
    ['a long list', 'return Array.from({ length: 1e6 }, (_, n) => n)'],
    [
      'many keys',
      'return Object.fromEntries(Array.from({ length: 1e5 }, (_, n) => ["key " + n, "\\u0001".repeat(20)]))',
    ],
    ['a key that is too long', 'return { ["k".repeat(2e6)]: 1 }'],
  ])('%s that is too large', async (_, body) => {
    const outcome = await test.invoke(handler(body))
    expect(outcome).toMatchObject({
      status: 'SUCCEEDED',
      logs: [{ level: 'warn', text: expect.stringMatching(/bytes of JSON, 1048576 are the most/) }],
    })
    const kept = JSON.stringify((outcome as { result: unknown }).result)
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(1024 * 1024)
  })

  it.each([
    ['a response', 'return new Response("x")', {}],
    ['nothing', 'return undefined', null],
    ['what JSON leaves out', 'return { f() {}, u: undefined, a: [() => 1] }', { a: [null] }],
    ['dates', 'return new Date(0)', '1970-01-01T00:00:00.000Z'],
  ])('%s is recorded as JSON has it, without a note', async (_, body, result) => {
    expect(await test.invoke(handler(body))).toMatchObject({ status: 'SUCCEEDED', result, logs: [] })
  })

  it('errors are recorded likewise', async () => {
    expect(await test.invoke(handler('const a = { code: 7n }; a.a = a; throw a'))).toMatchObject({
      reason: 'threw',
      error: { message: '{"code":"7","a":"[Circular]"}' },
    })
  })

  it('a value that cannot be inspected for a log does not fail the run', async () => {
    const body = `console.log({ [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('no') } }); return 1`
    expect(await test.invoke(handler(body))).toMatchObject({
      status: 'SUCCEEDED',
      logs: [{ text: 'something was logged that cannot be shown' }],
    })
  })
})

describe('the output of a process is limited by its reader', () => {
  it('logs are truncated, with a note', async () => {
    const lines = await test.invoke(handler('for (let n = 0; n < 5000; n++) console.log(n); return 1'))
    expect(lines).toMatchObject({ status: 'SUCCEEDED', result: 1 })
    expect(lines.logs.length).toBe(1001)
    expect(lines.logs.at(-1)).toMatchObject({ level: 'warn', text: expect.stringMatching(/left out/) })
    const bytes = await test.invoke(handler('for (let n = 0; n < 50; n++) console.log("é".repeat(10000))'))
    expect(bytes.logs.length).toBe(15)
    const texts = bytes.logs.slice(0, -1).map(({ text }) => text)
    expect(Buffer.byteLength(texts.join(''))).toBe(256 * 1024)
    const long = await test.invoke(handler('console.log("x".repeat(2e6)); return 1'))
    expect(long).toMatchObject({
      status: 'SUCCEEDED',
      logs: [{ text: 'x'.repeat(256 * 1024) }, { level: 'warn' }],
    })
  })

  const forge = (report: string, times: number) => `
    const line = JSON.stringify(${report}) + '\\n'
    const bytes = Buffer.from(line)
    for (let n = 0; n < ${times}; n++)
      for (let at = 0; at < bytes.length; )
        try { at += require('fs').writeSync(3, bytes, at) } catch (error) { if (error.code !== 'EAGAIN') throw error }`

  it.each([
    [
      'few long lines',
      `{ type: 'log', id: event.id, level: 'info', time: 0, text: 'x'.repeat(200_000) }`,
      25,
    ],
    ['many short lines', `{ type: 'log', id: event.id, level: 'info', time: 8e15, text: 'x' }`, 1_050],
  ])(
    'logs that a function forges are truncated as well, and dated at its time: %s',
    async (_, report, times) => {
      const spec = { applicationId: 8 }
      for (let id = 1; id < 3; id++) {
        const outcome = await test.invoke(handler(`${forge(report, times)}; return 1`), {
          spec,
          event: { id },
        })
        expect(outcome.status).toBe('SUCCEEDED')
        const texts = outcome.logs.map(({ text }) => text)
        expect(texts.length).toBeLessThanOrEqual(1_001)
        expect(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)).toBeLessThanOrEqual(
          256 * 1024 + 200,
        )
        expect(texts.at(-1)).toMatch(/left out/)
        for (const { time } of outcome.logs)
          expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000)
      }
      await test.runner.end(8)
    },
  )

  it.each([
    [
      'a reason',
      `{ type: 'failed', id: 1, usage: { residentBytes: 1, cpuMs: 1 }, error: { name: 'a', message: 'b' }, reason: 'runtime', spent: false }`,
    ],
    [
      'a reason, which is not asked for,',
      `{ type: 'failed', id: 1, usage: { residentBytes: 1, cpuMs: 1 }, error: { name: 'a', message: 'b' }, spent: false }`,
    ],
  ])('a forged report of %s is ignored', async (_, report) => {
    const outcome = await test.invoke(handler(`${forge(report, 1)}; await new Promise(() => {})`), {
      spec: { applicationId: 9 },
    })
    expect(outcome).toMatchObject({ status: 'FAILED', reason: 'threw' })
    await test.runner.end(9)
  })

  const usage = 'usage: { residentBytes: 1, cpuMs: 1 }'
  it.each([
    ['nonsense', `'nonsense'`, 1],
    ['a log without a time', `{ type: 'log', id: 1, level: 'info', time: 'x', text: 'y' }`, 1],
    ['a log of an unknown level', `{ type: 'log', id: 1, level: 'fatal', time: 0, text: 'y' }`, 1],
    ['a second start', `{ type: 'ready' }`, 1],
    ['a failed start', `{ type: 'unready', error: { name: 'a', message: 'b' } }`, 1],
    ['a result that is too large', `{ type: 'done', id: 1, ${usage}, result: 'x'.repeat(1_100_000) }`, 1],
    [
      'an error that is too large',
      `{ type: 'failed', id: 1, ${usage}, error: { name: 'a', message: 'x'.repeat(5_000) }, spent: false }`,
      1,
    ],
    ['negative usage', `{ type: 'done', id: 1, usage: { residentBytes: -1, cpuMs: 1 }, result: 1 }`, 1],
    ['endless reports', `{ type: 'started', id: 1 }`, 1e9],
    ['endless bytes', `'x'.repeat(1e6)`, 1e9],
  ])('a process that sends %s on the channel is ended', async (_, report, times) => {
    const spec = { applicationId: 10 }
    expect(
      await test.invoke(handler(`${forge(report, times)}; await new Promise(() => {})`), { spec }),
    ).toMatchObject({
      status: 'FAILED',
      reason: 'output',
    })
    expect(await test.invoke(fine, { spec })).toMatchObject({ status: 'SUCCEEDED' })
    await test.runner.end(10)
  })
})

it('a process that floods standard error past the console is ended', async () => {
  const spec = { applicationId: 11 }
  const write = (bytes: number) =>
    handler(`for (let left = ${bytes}; left > 0; )
      try { left -= require('fs').writeSync(2, Buffer.alloc(Math.min(left, 1e5), 'x')) }
      catch (error) { if (error.code !== 'EAGAIN') throw error }`)
  expect(await test.invoke(write(1e12), { spec })).toMatchObject({ status: 'FAILED', reason: 'output' })
  for (const run of [write(3e6), write(3e6), fine]) {
    expect(await test.invoke(run, { spec })).toMatchObject({ status: 'SUCCEEDED' })
  }
  await test.runner.end(11)
})

describe('what a run leaves behind', () => {
  it.each([
    ['a rejection', `Promise.reject(new Error('left'))`],
    ['an error', `setImmediate(() => { throw new Error('left') })`],
  ])('does not fail a later run: %s', async (_, failure) => {
    const spec = { applicationId: 3 }
    const before = test.warnings.length
    const waiting = `globalThis.later = Promise.withResolvers()
      globalThis.later.promise.then(() => { ${failure} })
      return process.pid`
    const process = await test.result(handler(waiting), { spec })
    const goOn = `globalThis.later.resolve()
      await new Promise((resolve) => setTimeout(resolve, 100))
      return process.pid`
    const later = await test.invoke(handler(goOn), { spec })
    expect(later).toMatchObject({ status: 'SUCCEEDED', result: process })
    expect(test.warnings.length, 'the operator can know').toBeGreaterThan(before)
    expect(await test.result(fine, { spec }), 'and the process is replaced').not.toBe(process)
  })

  it('replaces the process when it is idle', async () => {
    const spec = { applicationId: 4 }
    const process = (await test.result(
      handler(`setTimeout(() => { throw new Error('left') }, 20); return process.pid`),
      { spec },
    )) as number
    await expect.poll(() => isAlive(process)).toBe(false)
    expect(await test.invoke(fine, { spec })).toMatchObject({ status: 'SUCCEEDED' })
  })

  it('gives the next run another process where it blocks its own', async () => {
    const spec = { applicationId: 5 }
    const process = await test.result(
      handler('setImmediate(() => { while (true) {} }); return process.pid'),
      {
        spec,
      },
    )
    expect(await test.result(fine, { spec, timeoutMs: 5_000 })).not.toBe(process)
  })
})
