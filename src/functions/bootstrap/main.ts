// Entry point of a function process: takes orders, one run at a time, runs customers' code and reports.
import { AsyncLocalStorage } from 'node:async_hooks'
import { Socket } from 'node:net'
import { env } from 'node:process'
import { compileFunction, Script as VmScript } from 'node:vm'
import {
  type Log,
  logBytesMax,
  logLinesMax,
  noteMax,
  type Order,
  type Report,
  type RunOrder,
  type Script,
  type StartOrder,
  type Usage,
} from '#functions/protocol.ts'
import { serverTime, showTime } from './clock.ts'
import { confine } from './confine.ts'
import { captureOutput } from './console.ts'
import { createContext } from './context.ts'
import { guardEgress, refuseListening } from './egress.ts'
import { describeError, readableLog } from './errors.ts'
import { findHandler, type Handler } from './handlers.ts'
import { toRecord } from './record.ts'
import { createCustomerRequire } from './require.ts'

interface Loaded {
  script: Script
  evaluate: (...scope: unknown[]) => unknown
}

const { stringify, parse } = JSON
const lingerMs = 5_000

/** The pipe to the server. */
const channel = new Socket({ fd: 3, readable: true, writable: true })
const write = channel.write.bind(channel)
/** The owner of the running code: the id of a run, or 0 for the initialization script. */
const owner = new AsyncLocalStorage<number>()
const versions = new Map<number, Loaded>()
const sources: { function?: Script; initialization?: Script } = {}
let customerRequire: NodeJS.Require
let apiOrigin = ''
/** The current run. */
let running: number | undefined
let logLines = 0
let logBytes = 0
let isLogFull = false

function report(message: Report): void {
  write(`${stringify(message)}\n`)
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { residentBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 }
}

function start(order: StartOrder): void {
  for (const name of Object.keys(env)) delete env[name]
  Object.assign(env, order.environment)
  if (order.reachable) guardEgress(order.reachable)
  apiOrigin = order.apiOrigin
  customerRequire = createCustomerRequire(order.packagesFile, order.dependenciesFolder)
  try {
    if (order.initialization) initialize(order.initialization)
    report({ type: 'ready' })
  } catch (error) {
    report({ type: 'unready', error: describeError(error, sources) })
  }
}

/** Runs the script as a script, not a module: every handler sees its declarations. */
function initialize(script: Script): void {
  sources.initialization = script
  const module = { exports: {} }
  for (const [name, value] of Object.entries({ require: customerRequire, module, exports: module.exports })) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
  }
  const compiled = new VmScript(script.code, { filename: 'initialization.ts' })
  owner.run(0, () => compiled.runInThisContext())
}

async function run(order: RunOrder): Promise<void> {
  const { id } = order
  running = id
  showTime(order.clock)
  logLines = 0
  logBytes = 0
  isLogFull = false
  report({ type: 'started', id })
  try {
    const handler = owner.run(id, () => load(order))
    const context = createContext({
      apiOrigin,
      token: order.token,
      traceparent: order.traceparent,
      loadSdk: () => customerRequire('chatkitty-platform-sdk'),
    })
    const result = await owner.run(id, () => handler(order.event, context))
    if (running === id) finish(id, result)
  } catch (error) {
    if (running === id) fail(id, error)
  }
}

/**
 * Evaluates the script for each run, so that state outside the handler starts fresh.
 * @throws what the script throws, or an Error if it has no handler for the event
 */
function load({ versionId, script, eventType }: RunOrder): Handler {
  if (script) versions.set(versionId, { script, evaluate: compile(script) })
  const loaded = versions.get(versionId)
  if (!loaded) throw new Error('the script is missing')
  sources.function = loaded.script
  const module: { exports: unknown } = { exports: {} }
  const declared = loaded.evaluate(module.exports, customerRequire, module, 'function.ts', '.')
  return findHandler(declared, module.exports, eventType)
}

function compile({ code }: Script): Loaded['evaluate'] {
  const withHandler = `${code}\n;return typeof handleEvent === 'function' ? handleEvent : undefined`
  const scope = ['exports', 'require', 'module', '__filename', '__dirname']
  return compileFunction(withHandler, scope, { filename: 'function.ts' }) as Loaded['evaluate']
}

function finish(id: number, result: unknown): void {
  const { json, note } = toRecord(result)
  const done = stringify({ type: 'done', id, usage: usage(), ...(note && { note: note.slice(0, noteMax) }) })
  running = undefined
  write(`${done.slice(0, -1)},"result":${json}}\n`)
}

function fail(id: number, error: unknown, spent = false): void {
  running = undefined
  report({ type: 'failed', id, usage: usage(), error: describeError(error, sources), spent })
}

/** An uncaught error belongs to the current run, unless it comes from code that an earlier run left behind. */
function onStray(error: unknown): void {
  const id = owner.getStore() ?? running
  if (id !== undefined && id === running) fail(id, error, true)
  else report({ type: 'stale', error: describeError(error, sources) })
}

function record(level: Log['level'], written: string): void {
  const id = owner.getStore() ?? running ?? 0
  if (id !== (running ?? 0) || isLogFull) return
  const text = readableLog(written, sources)
  logLines++
  const left = logBytesMax - logBytes
  const bytes = Buffer.byteLength(text)
  logBytes += bytes
  isLogFull = logLines > logLinesMax || bytes > left
  const kept = bytes <= left ? text : beginningOf(text, left)
  if (logLines <= logLinesMax && kept) report({ type: 'log', id, level, time: serverTime(), text: kept })
  if (isLogFull) report({ type: 'cut', id })
}

/** Cuts at a character boundary. */
function beginningOf(text: string, bytes: number): string {
  return Buffer.from(text.slice(0, bytes))
    .subarray(0, bytes)
    .toString()
    .replace(/\uFFFD+$/, '')
}

refuseListening(channel)
confine()
captureOutput(record)
process.on('uncaughtException', onStray)
process.on('unhandledRejection', onStray)

let pending = ''
channel.setEncoding('utf8')
channel.on('data', (text: string) => {
  pending += text
  const lines = pending.split('\n')
  pending = lines.pop() ?? ''
  for (const line of lines) {
    const order: Order = parse(line)
    if (order.type === 'start') start(order)
    else void run(order)
  }
})
// No more orders follow. Code left behind may finish, but not outlive the server for long.
channel.on('end', () => {
  setTimeout(() => process.exit(0), lingerMs).unref()
})
channel.on('error', () => process.exit(0))
