import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pino } from 'pino'
import { type Api, connect, type RemoteOptions } from '#cli/api.ts'
import { localOperator, withContext } from '#cli/context.ts'
import { Failure, type Output, print, table, UsageError } from '#cli/output.ts'
import { readConfig } from '#config.ts'
import { enterApplication } from '#domain/applications/administered/enter-application.ts'
import { referredApplication } from '#domain/applications/referred-application.ts'
import { enableFunction } from '#domain/functions/enable-function.ts'
import { listFunctions } from '#domain/functions/list-functions.ts'
import { timeLimitOf } from '#domain/functions/runs/time-limit-of.ts'
import { compileHandler } from '#functions/compile.ts'
import type { Outcome } from '#functions/outcome.ts'
import { FunctionRunner } from '#functions/runner.ts'
import {
  type ChatFunction,
  type FunctionInvocation,
  type FunctionLog,
  FunctionType,
  type FunctionVersion,
} from '#resources/function.ts'
import { readCredentials } from '#secrets/kept-credentials.ts'

// ------------------------------------------------------------------------------------------- deploying

export interface DeployOptions extends RemoteOptions {
  name?: string
}

/** Deploys a new version of the function of a type, and creates the function if necessary. */
export async function deploy(
  type: string,
  file: string,
  options: DeployOptions,
  output: Output,
): Promise<void> {
  const event = typeOf(type)
  const handlerScript = await readScript(file)
  const api = await connect(options)
  const existing = choose(await functionsOf(api), { type: event, name: options.name })
  const target =
    existing ??
    (await post<ChatFunction>(api, '/runtimes/nodejs/functions', {
      type: event,
      name: options.name ?? event,
    }))
  const version = await post<FunctionVersion>(api, `/functions/${target.id}/versions`, { handlerScript })
  const { id, name } = target
  const { versionNumber } = version
  print(
    output,
    { id, type, name, versionNumber, created: existing === undefined },
    `Version ${versionNumber} of function ${id} (${name}) runs from now on.`,
  )
}

function typeOf(given: string): FunctionType {
  const { data: type } = FunctionType.safeParse(given)
  if (type) return type
  throw new UsageError(`There is no event ${given}, but ${FunctionType.options.join(', ')}`)
}

/** @throws Failure if the script does not compile, after reporting where */
async function readScript(file: string): Promise<string> {
  const script = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`There is no file ${file}`)
  })
  const compiled = await compileHandler(script)
  if (!('error' in compiled)) return script
  const { line, column, message } = compiled.error
  throw new Error(`${file}:${line}:${column}: ${message}`)
}

function choose(
  functions: ChatFunction[],
  { type, name }: { type: string; name?: string | undefined },
): ChatFunction | undefined {
  const found = functions.filter((each) => each.type === type && (name === undefined || each.name === name))
  if (found.length <= 1) return found[0]
  const names = found.map((each) => `${each.id} (${each.name})`).join(', ')
  throw new UsageError(`There are several functions of ${type}: ${names}. Say which`)
}

// --------------------------------------------------------------------------------------------- testing

export interface TestOptions extends RemoteOptions {
  event: string
  type: string
  modules?: string
  env?: string[]
}

/** Runs a function once, as the server would; needs a server only if the function calls it. */
export async function test(file: string, options: TestOptions, output: Output): Promise<void> {
  const eventType = typeOf(options.type)
  const { modules } = options
  if (modules !== undefined && !(await isFolder(modules)))
    throw new UsageError(`There is no folder ${modules}`)
  const handlerScript = await readScript(file)
  const event = await readEvent(options.event)
  const environment = readVariables(options.env ?? [])
  const api = await connect(options).catch(() => undefined)
  const config = readConfig(process.env)
  const { port, functionEgress } = config
  const timeoutMs = timeLimitOf(config, eventType)
  const base = api?.base ?? options.url ?? `http://localhost:${port}`
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-function-'))
  const log = pino({ level: 'silent' })
  const runner = new FunctionRunner({ folder: join(folder, 'shared'), egress: functionEgress, log })
  try {
    const outcome = await runner.invoke(
      {
        applicationId: 0,
        folder,
        apiOrigin: base,
        environment: {
          CHATKITTY_CHAT_SERVICE_BASE_URL: base,
          CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL: base,
          ...environment,
        },
        ...(modules !== undefined && { dependenciesFolder: resolve(modules) }),
      },
      { versionId: 1, handlerScript, event, eventType, token: api?.token ?? '', timeoutMs },
    )
    print(output, outcome, describe(outcome))
    if (outcome.status === 'FAILED') throw new Failure()
  } finally {
    await runner.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

async function readEvent(given: string): Promise<unknown> {
  const isInline = given.trimStart().startsWith('{')
  const json = isInline
    ? given
    : await readFile(given, 'utf8').catch(() => {
        throw new UsageError(`There is no file ${given}`)
      })
  try {
    return JSON.parse(json)
  } catch {
    throw new UsageError('The event must be JSON')
  }
}

function readVariables(given: string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((each) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(each) ?? []
      if (name === undefined || value === undefined) throw new UsageError(`${each} is not NAME=value`)
      return [name, value]
    }),
  )
}

function describe(outcome: Outcome): string {
  const end = `${outcome.status} in ${Math.round(outcome.durationMs)} ms`
  const what =
    outcome.status === 'SUCCEEDED'
      ? (JSON.stringify(outcome.result, null, 2) ?? 'nothing was returned')
      : (outcome.error.stack ?? `${outcome.error.name}: ${outcome.error.message}`)
  return [...outcome.logs.map(logLine), end, what].join('\n')
}

const logLine = ({ time, level, text }: FunctionLog) => `${time} ${level.padEnd(5)} ${text}`

// -------------------------------------------------------------------------------------------- watching

export interface WatchOptions extends RemoteOptions {
  limit: string
}

/** Lists the runs of a function. */
export async function invocations(reference: string, options: WatchOptions, output: Output): Promise<void> {
  const found = await lastInvocations(reference, options)
  const rows = found.map(({ id, createdTime, versionNumber, status, durationMs, result }) => [
    String(id),
    createdTime,
    String(versionNumber),
    status,
    durationMs === undefined ? '' : `${durationMs} ms`,
    summary(result),
  ])
  print(output, found, table(['id', 'time', 'version', 'status', 'took', 'result'], rows))
}

/** Prints what a function logged to its console. */
export async function logs(reference: string, options: WatchOptions, output: Output): Promise<void> {
  const found = (await lastInvocations(reference, options)).toReversed()
  const lines = found.flatMap((invocation) => {
    const { id, createdTime, status, result } = invocation
    const { error } = result as { error?: { name: string; message: string; stack?: string } }
    return [
      `--- ${id} ${createdTime} ${status}`,
      ...invocation.logs.map(logLine),
      ...(error ? [error.stack ?? `${error.name}: ${error.message}`] : []),
    ]
  })
  print(
    output,
    found.map(({ id, createdTime, status, logs }) => ({ id, createdTime, status, logs })),
    lines.join('\n'),
  )
}

const summaryMax = 100

function summary(result: FunctionInvocation['result']): string {
  const { error } = result as { error?: { name: string; message: string } }
  const text = error ? `${error.name}: ${error.message}` : (JSON.stringify(result.payload) ?? '')
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > summaryMax ? `${line.slice(0, summaryMax - 1)}…` : line
}

const limitMax = 1_000

async function lastInvocations(reference: string, options: WatchOptions): Promise<FunctionInvocation[]> {
  const limit = Number(options.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
    throw new UsageError(`--limit must be a number from 1 to ${limitMax}`)
  }
  const api = await connect(options)
  const { id } = referred(await functionsOf(api), reference)
  const found = await pagesOf<FunctionInvocation>(api, `/functions/${id}/invocations`, 'invocations', limit)
  return found.map(withoutLinks)
}

// ------------------------------------------------------------------------------------------- switching

export async function setEnabled(
  reference: string,
  enabled: boolean,
  options: Pick<RemoteOptions, 'clientId'>,
  output: Output,
): Promise<void> {
  const config = readConfig(process.env)
  const clientId = options.clientId ?? config.clientId ?? (await readCredentials(config.home))?.clientId
  if (!clientId) throw new UsageError('Whose application? Give --client-id, or the --home that keeps it')
  const changed = await withContext(async (ctx) => {
    const { id: applicationId } = await referredApplication(ctx, clientId)
    const caller = await enterApplication(ctx, localOperator(), applicationId)
    const { items } = await listFunctions(ctx, caller, { number: 0, size: functionsMax, sort: [] })
    return enableFunction(ctx, caller, referred(items, reference).id, enabled)
  })
  const { id, type, name } = changed
  print(output, { id, type, name, enabled }, `Function ${id} (${name}) ${enabled ? 'runs' : 'runs no more'}.`)
}

// ---------------------------------------------------------------------------------------------- finding

const functionsMax = 1_000

const functionsOf = (api: Api) =>
  pagesOf<ChatFunction>(api, '/runtimes/nodejs/functions', 'functions', functionsMax)

function referred(functions: ChatFunction[], reference: string): ChatFunction {
  const isId = /^\d+$/.test(reference)
  const found = isId
    ? functions.find(({ id }) => String(id) === reference)
    : choose(functions, { type: reference })
  if (found) return found
  throw new Error(`There is no function ${isId ? reference : `of ${reference}`} in this application`)
}

const pageSizeMax = 100

async function pagesOf<T>(api: Api, path: string, collection: string, max: number): Promise<T[]> {
  const items: T[] = []
  for (let number = 0; items.length < max; number++) {
    const answer = await api.send('GET', `${path}?page=${number}&size=${Math.min(max, pageSizeMax)}`)
    const { _embedded: embedded, page } = (await answer.json()) as {
      _embedded: Record<string, T[]>
      page: { totalPages: number }
    }
    items.push(...(embedded[collection] ?? []))
    if (number + 1 >= page.totalPages) break
  }
  return items.slice(0, max)
}

async function post<T>(api: Api, path: string, body: unknown): Promise<T> {
  const content = new Blob([JSON.stringify(body)]).stream()
  return (await (await api.send('POST', path, { content, type: 'application/json' })).json()) as T
}

function withoutLinks<T>(document: T): T {
  const { _links: _, ...rest } = document as T & { _links?: unknown }
  return rest as T
}
