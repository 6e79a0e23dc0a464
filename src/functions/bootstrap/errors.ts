// Converts anything that customers' code throws to a report for the server.
import { SourceMap } from 'node:module'
import { type ErrorReport, errorMax, type Script } from '#functions/protocol.ts'
import { toRecord } from './record.ts'

/** Customers may throw anything, including objects with throwing getters. */
export function describeError(thrown: unknown, scripts: Record<string, Script | undefined>): ErrorReport {
  try {
    const { name, message, stack } = read(thrown)
    return {
      name: name.slice(0, errorMax.name),
      message: message.slice(0, errorMax.message),
      ...(stack && {
        stack: readableStack(`${stack}${causesIn(thrown)}`, scripts).slice(0, errorMax.stack),
      }),
    }
  } catch {
    return { name: 'Error', message: 'something was thrown that cannot be shown' }
  }
}

function read(thrown: unknown): { name: string; message: string; stack?: string | undefined } {
  if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: String(thrown) }
  const { name, message, stack, code, permission, response } = thrown as Record<string, unknown>
  return {
    name: typeof name === 'string' && name ? name : 'Error',
    message:
      code === 'ERR_ACCESS_DENIED' && typeof permission === 'string'
        ? `functions have no permission for ${permission}`
        : `${messageOf(message, thrown)}${refusalIn(response)}`,
    stack: typeof stack === 'string' ? stack : undefined,
  }
}

function messageOf(message: unknown, thrown: object): string {
  if (typeof message === 'string') return message
  return thrown instanceof Error ? '' : toRecord(thrown).json
}

/** What the API answered: the clients of its SDK say in their errors only with which status. */
function refusalIn(response: unknown): string {
  const { message } = (response as { data?: { message?: unknown } | null } | null | undefined)?.data ?? {}
  return typeof message === 'string' ? `: ${message}` : ''
}

function causesIn(thrown: unknown): string {
  try {
    return causesOf(thrown)
  } catch {
    return ''
  }
}

/** What an error names as its causes; fetch, for one, tells only there why it failed. */
function causesOf(thrown: unknown, depth = 0): string {
  if (typeof thrown !== 'object' || thrown === null || depth === causesMax) return ''
  const { cause, errors } = thrown as Record<string, unknown>
  const causes = [...(cause == null ? [] : [cause]), ...(Array.isArray(errors) ? errors : [])]
  const texts = causes.slice(0, causesMax).map((each) => {
    const { name, message, stack } = read(each)
    return `\nCaused by: ${stack ?? `${name}: ${message}`}${causesOf(each, depth + 1)}`
  })
  return texts.join('')
}

/** How deep, and how many of one error. */
const causesMax = 4

/** Makes the stacks in a line of the log as readable as those of errors. */
export function readableLog(text: string, scripts: Record<string, Script | undefined>): string {
  try {
    return /\n\s+at /.test(text) ? readableStack(text, scripts) : text
  } catch {
    return text
  }
}

const maps = new WeakMap<Script, SourceMap>()

function mapOf(script: Script): SourceMap {
  const known = maps.get(script) ?? new SourceMap(JSON.parse(script.map))
  maps.set(script, known)
  return known
}

/** Removes our frames and Node's, and maps positions to the customer's own script. */
function readableStack(stack: string, scripts: Record<string, Script | undefined>): string {
  const lines: string[] = []
  for (const line of stack.split('\n')) {
    if (!/^\s+at .*(?:\(node:|at node:|bootstrap-\w+\.cjs)/.test(line)) lines.push(line)
    // Here begin the properties of an error that was logged.
    else if (line.endsWith(' {') && lines.length > 0) lines.push(`${lines.pop()} {`)
  }
  return lines
    .join('\n')
    .replace(/\b(function|initialization)\.ts:(\d+):(\d+)/g, (position, name: string, line, column) => {
      const script = scripts[name]
      if (!script) return position
      const origin = mapOf(script).findEntry(Number(line) - 1, Number(column) - 1)
      if (!('originalLine' in origin)) return position
      return `${name}.ts:${origin.originalLine + 1}:${origin.originalColumn + 1}`
    })
}
