// Opens the log and formats its lines.
import { type DestinationStream, pino } from 'pino'
import type { Config } from '#config.ts'
import { type LoggedError, mayQuote, withoutWords } from '#errors.ts'

/**
 * Opens the log on stdout, or on stderr if stdout is reserved for one line of JSON. The format is JSON unless the log
 * goes to a terminal or the settings say otherwise. No line quotes what users wrote, because data that users ask to
 * have erased must not remain in the log.
 */
export async function openLog(
  config: Pick<Config, 'logLevel' | 'logFormat' | 'output'>,
): Promise<pino.Logger> {
  const file = config.output === 'json' ? 2 : 1
  const isTerminal = (file === 1 ? process.stdout : process.stderr).isTTY === true
  const format = config.logFormat ?? (isTerminal ? 'pretty' : 'json')
  // At `trace`, @fastify/multipart logs the headers of a request, including its token.
  const busboyOptions = ({ headers: _, ...others }: { headers: object }) => others
  const options = { level: config.logLevel, serializers: { err: describeError, busboyOptions } }
  const out = pino.destination(file)
  return format === 'pretty' ? pino(options, await forPeople(out, isTerminal)) : pino(options, out)
}

/** Returns what is logged of an error. Other members are left out: libraries attach requests, whose headers are secret. */
export function describeError(error: unknown): LoggedError | Partial<LoggedError> {
  if (!(error instanceof Error) || mayQuote(error)) return withoutWords(error)
  const { type, message, stack, code } = pino.stdSerializers.err(error)
  return { type, message, stack, code }
}

/** Formats one short line per entry. pino-pretty is loaded on demand, so servers with JSON logs do not pay for it. */
async function forPeople(out: DestinationStream, colorize: boolean): Promise<DestinationStream> {
  const { prettyFactory } = (await import('pino-pretty')).default // a bundle lacks named exports
  const format = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss' })
  return {
    write(text) {
      const { level, time, ...line }: Line = JSON.parse(text)
      const msg = line.msg === 'request' ? wordingOfRequest(line, colorize) : wordingOf(line, level, colorize)
      out.write(format({ level, time, msg }))
    },
  }
}

interface Fields {
  msg?: string
  err?: { message?: string; stack?: string }
  [field: string]: unknown
}

type Line = Fields & { level: number; time: number }

/** From this level on, the stack is printed too. */
const errorLevel = 50

const colors = { green: 32, yellow: 33, red: 31, grey: 90 }

function colorText(text: string, color: keyof typeof colors, colorize: boolean): string {
  return colorize ? `\u001b[${colors[color]}m${text}\u001b[39m` : text
}

/**
 * `sendChannelMessage 200 4 ms`, and the request id that the response carries in X-Request-Id; see plugins/requests.ts.
 */
function wordingOfRequest(line: Fields, colorize: boolean): string {
  const { id, operation, route } = line
  const [status, ms] = [Number(line.status), Number(line.ms)]
  const mood = status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green'
  const duration = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  return `${route ?? operation} ${colorText(String(status), mood, colorize)} ${duration} ${colorText(String(id), 'grey', colorize)}`
}

function wordingOf(
  { msg = '', err, pid: _, hostname: __, ...fields }: Fields,
  level: number,
  colorize: boolean,
): string {
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const line = [msg, ...(facts.length > 0 ? [colorText(facts.join(' '), 'grey', colorize)] : [])].join(' ')
  if (!err) return line
  return level >= errorLevel ? `${line}\n${err.stack}` : `${line}: ${err.message}`
}
