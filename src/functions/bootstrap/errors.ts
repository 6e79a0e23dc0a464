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
      ...(stack && { stack: readableStack(stack, scripts).slice(0, errorMax.stack) }),
    }
  } catch {
    return { name: 'Error', message: 'something was thrown that cannot be shown' }
  }
}

function read(thrown: unknown): { name: string; message: string; stack?: string | undefined } {
  if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: String(thrown) }
  const { name, message, stack, code, permission } = thrown as Record<string, unknown>
  return {
    name: typeof name === 'string' && name ? name : 'Error',
    message:
      code === 'ERR_ACCESS_DENIED' && typeof permission === 'string'
        ? `functions have no permission for ${permission}`
        : messageOf(message, thrown),
    stack: typeof stack === 'string' ? stack : undefined,
  }
}

function messageOf(message: unknown, thrown: object): string {
  if (typeof message === 'string') return message
  return thrown instanceof Error ? '' : toRecord(thrown).json
}

/** Removes our frames and Node's, and maps positions to the customer's own script. */
function readableStack(stack: string, scripts: Record<string, Script | undefined>): string {
  const maps: Record<string, SourceMap> = {}
  const lines = stack
    .split('\n')
    .filter((line) => !/^\s+at .*(?:\(node:|at node:|bootstrap-\w+\.cjs)/.test(line))
  return lines
    .join('\n')
    .replace(/\b(function|initialization)\.ts:(\d+):(\d+)/g, (position, name: string, line, column) => {
      const script = scripts[name]
      if (!script) return position
      maps[name] ??= new SourceMap(JSON.parse(script.map))
      const origin = maps[name].findEntry(Number(line) - 1, Number(column) - 1)
      if (!('originalLine' in origin)) return position
      return `${name}.ts:${origin.originalLine + 1}:${origin.originalColumn + 1}`
    })
}
