// Where the log goes, and what it looks like.
import { type DestinationStream, pino } from 'pino'
import type { Config } from '#config.ts'

/**
 * Opens the log: on stdout, or on stderr where stdout has one line for a program. JSON, unless a person reads along in
 * a terminal or the settings ask otherwise.
 */
export async function openLog(
  config: Pick<Config, 'logLevel' | 'logFormat' | 'output'>,
): Promise<pino.Logger> {
  const file = config.output === 'json' ? 2 : 1
  const isTerminal = (file === 1 ? process.stdout : process.stderr).isTTY === true
  const format = config.logFormat ?? (isTerminal ? 'pretty' : 'json')
  const options = { level: config.logLevel }
  return format === 'pretty'
    ? pino(options, await forPeople(file, isTerminal))
    : pino(options, pino.destination(file))
}

/** Loaded only where it is wanted: servers whose log programs read never pay for it. */
async function forPeople(file: number, colorize: boolean): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    destination: file,
    sync: true,
    colorize,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
  })
}
