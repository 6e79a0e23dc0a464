// Runs a client's script, and reports what the server did wrong.
import { setTimeout as sleep } from 'node:timers/promises'
import { patienceMs } from '../support/patience.ts'
import { type Heard, type Line, openLine } from './lines.ts'
import type { Script } from './stomp.ts'
import { parsed } from './wire.ts'
import type { World } from './world.ts'

const brieflyMs = 20

/** A frame that must be answered. */
const question = Buffer.from('ACK\nid:nothing\nreceipt:still-there\n\n\u0000')
const disconnect = Buffer.from('DISCONNECT\nreceipt:goodbye\n\n\u0000')

const isReceipt = (name: string) => (heard: Heard) =>
  heard.command === 'RECEIPT' && heard.headers['receipt-id'] === name
const isError = ({ command }: Heard) => command === 'ERROR'

/** @returns what is wrong; undefined if nothing is */
export async function play(script: Script, world: World): Promise<string | undefined> {
  const line = await openLine(world.port, script.carrier, script.apiKey)
  if (typeof line === 'number') return line < 500 ? undefined : `the upgrade was answered ${line}`
  const until = (isIt: (heard: Heard) => boolean) =>
    waitFor(line, () => line.ended !== undefined || line.heard.some(isIt))
  try {
    line.send(script.connect)
    const isAnswered =
      script.isOpenEnded || (await until(({ command }) => /^(CONNECTED|ERROR)$/.test(command)))
    if (!isAnswered) return 'CONNECT was not answered'
    const [connected] = line.heard
    if (connected?.headers.session !== undefined) remember(world, connected.headers.session)
    for (const step of script.steps) line.send(step)
    if (script.ending === 'cut' || script.isOpenEnded) {
      await sleep(brieflyMs) // it may be answered, and need not be
    } else {
      const isAsking = script.ending === 'ask'
      line.send(isAsking ? question : disconnect)
      const isTheirs = isReceipt(isAsking ? 'still-there' : 'goodbye')
      if (!(await until((heard) => isTheirs(heard) || isError(heard)))) {
        return 'the connection is open, and nobody answers'
      }
    }
    return wrongWith(line.heard) ?? endedBadly(line, script)
  } finally {
    line.cut()
  }
}

/** A server that closes a connection gives the reason, unless another connection took over the session. */
function endedBadly({ ended = '', heard }: Line, script: Script): string | undefined {
  const isTakenOver = script.connect.includes('StompX-Auth-Session-ID')
  const isAbrupt = /^(1006|polling|sending: (?!413))/.test(ended)
  return !isAbrupt || heard.some(isError) || isTakenOver ? undefined : `it ended without a word: ${ended}`
}

function wrongWith(heard: Heard[]): string | undefined {
  for (const { command, headers, body } of heard) {
    if (command !== 'ERROR' && headers.destination?.startsWith('/user/queue/') !== true) continue
    const problem = parsed(body)
    const isDocumented =
      typeof problem?.error === 'string' &&
      /^[A-Z]\w+Error$/.test(problem.error) &&
      typeof problem.message === 'string' &&
      /^\d{4}-\d\d-\d\dT/.test(String(problem.timestamp))
    if (!isDocumented) return `an error is none that is documented: ${body.slice(0, 500)}`
    if (problem.error === 'InternalServerError') return `the server failed: ${body.slice(0, 500)}`
  }
  return undefined
}

function remember(world: World, session: string): void {
  world.sessions.push(session)
  if (world.sessions.length > 50) world.sessions.shift()
}

/** @returns whether the condition held before the timeout */
async function waitFor(line: Line, isSo: () => boolean): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), patienceMs)
  line.onChange = () => {
    if (isSo()) resolve(true)
  }
  line.onChange()
  const result = await promise
  clearTimeout(timer)
  return result
}
