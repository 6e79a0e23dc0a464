// A whole session of the official client, frame by frame. Frames whose order may vary are sorted: in each step, first
// the client's frames, then the server's.
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { patienceMs } from '../../support/patience.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { connect, type Device, disconnect, done, startChat } from '../realtime.ts'
import type { Frame } from '../wire-tap.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Replaces values that differ between runs by constant names. */
class Names {
  readonly #known = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** Returns the name of a value of this kind. */
  of(kind: string, value: string): string {
    const key = `${kind} ${value}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const name = `<${kind}:${count}>`
    this.#known.set(key, name)
    return name
  }

  /** Replaces all known values in a text by their names. */
  in(text: string): string {
    return text
      .replaceAll(server.url, 'http://HOST')
      .replaceAll(/subscription-id-[\da-f-]{36}/g, (id) => this.of('subscription', id))
      .replaceAll(/receipt-[\da-f-]{36}/g, (id) => this.of('receipt', id))
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, (id) => this.of('uuid', id))
  }
}

const secret = new Set(['grant'])
const width = { depth: null, breakLength: 112, compact: 3, maxArrayLength: null, maxStringLength: null }

/** Removes what differs between runs. */
function plain(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return names.in(value)
  if (Array.isArray(value)) return value.map((each) => plain(each, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, secret.has(key) ? '<grant>' : plain(each, names)]),
  )
}

function line({ from, command, headers, body }: Frame, names: Names): string {
  const shown = Object.entries(headers)
    .filter(([name]) => name !== 'content-length')
    .map(
      ([name, value]) =>
        `${name}:${name === 'message-id' || (name === 'ack' && from === 'S') ? '<n>' : names.in(value)}`,
    )
  const head = `${from}: ${command.padEnd(11)} ${shown.join('  ')}`.trimEnd()
  if (body === '') return head
  const text = inspect(plain(JSON.parse(body), names), width)
  return `${head}\n${text.replaceAll(/^/gm, '     ')}`
}

/** Each frame of the client with its answers; events belong to the last action. */
function inOneOrder(frames: Frame[], all: Frame[]): Frame[] {
  const asked = frames.filter(({ from, command }) => from === 'C' && command !== 'ACK')
  const rest = new Set(frames.filter(({ from }) => from === 'S'))
  const take = (isIt: (frame: Frame) => boolean) => {
    const taken = [...rest].filter(isIt)
    for (const frame of taken) rest.delete(frame)
    return taken
  }
  const last = asked.findLast(({ command }) => command === 'SEND') ?? asked.at(-1)
  const topics = all.filter(({ command }) => command === 'SUBSCRIBE').map(({ headers }) => headers.id)
  const place = ({ headers, body }: Frame) =>
    `${headers['receipt-id'] ? 0 : 1} ${topics.indexOf(headers.subscription).toString().padStart(3, '0')} ${body}`
  return asked.flatMap((frame) => {
    const { id, receipt } = frame.headers
    const isRelayed = ({ headers }: Frame) => headers.subscription === id && isRelay(headers)
    const answers = take(
      (each) => isRelayed(each) || (frame.command === 'CONNECT' && each.command === 'CONNECTED'),
    )
    const receipts = take(
      ({ command, headers }) => command === 'RECEIPT' && headers['receipt-id'] === receipt,
    )
    const events =
      frame === last
        ? take(({ headers }) => headers.ack !== undefined || headers['receipt-id'] === receipt)
        : []
    return [frame, ...answers, ...events.sort((a, b) => (place(a) < place(b) ? -1 : 1)), ...receipts]
  })
}

/** The answer of an action comes before its RECEIPT, after which clients may stop waiting for it. */
function mustAnswerBeforeReceipt(frames: Frame[]): void {
  for (const { command, headers } of frames) {
    if (command !== 'SEND') continue
    const answers = frames.filter((frame) => frame.headers['receipt-id'] === headers.receipt)
    const last = answers.findIndex((frame) => frame.command === 'RECEIPT')
    expect(last === -1 || last === answers.length - 1, headers.destination).toBe(true)
  }
}

class Recording {
  readonly #names = new Names()
  readonly #text: string[] = []
  readonly #device: Device
  #through = 0

  constructor(device: Device) {
    this.#device = device
  }

  /** Records the frames since the last step, once all have arrived. */
  async step(title: string, types: string[]): Promise<void> {
    const { wire } = this.#device
    const since = () => wire.frames.slice(this.#through)
    const isThere = () => {
      const frames = since()
      const delivered = frames.flatMap(({ from, body }) =>
        from === 'S' && body !== '' ? JSON.parse(body).type : [],
      )
      expect(delivered.filter((type) => type !== undefined && type !== 'resource.relayed').sort()).toEqual(
        types.sort(),
      )
      expect(wire.isAnswered).toBe(true)
      const asked = frames.filter(
        ({ from, headers }) => from === 'C' && headers.id !== undefined && isRelay(headers),
      )
      const answered = frames.filter(({ body }) => body.startsWith('{"type":"resource.relayed"'))
      expect(answered).toHaveLength(asked.length)
      const acknowledged = frames.filter(({ command }) => command === 'ACK')
      expect(acknowledged).toHaveLength(
        frames.filter(({ from, headers }) => from === 'S' && headers.ack).length,
      )
    }
    await vi.waitFor(isThere, { timeout: patienceMs, interval: 5 })
    this.write(title, since())
  }

  write(title: string, frames: Frame[]): void {
    this.#through += frames.length
    const ordered = inOneOrder(frames, this.#device.wire.frames)
    const acks = frames.filter(({ command }) => command === 'ACK').length
    expect(ordered).toHaveLength(frames.length - acks)
    const lines = ordered.map((frame) => line(frame, this.#names))
    if (acks > 0) lines.push(`C: ACK         id:<n>, of each message above that has an ack`)
    this.#text.push(`# ${title}\n\n${lines.join('\n')}\n`)
  }

  get text(): string {
    return this.#text.join('\n')
  }
}

function isRelay({ destination = '' }: Record<string, string>): boolean {
  return destination.includes('.relay')
}

it('the frames of a session match the recorded ones', async () => {
  const jane = await connect(server, server.main, 'jane', { password: 'secret' })
  const recording = new Recording(jane)
  const { client, wire } = jane
  await recording.step('connectApi', [])

  const request = { type: 'PUBLIC' as const, name: 'general', properties: { topic: 'all' } }
  const { channel } = await done(client.createChannel(request))
  await recording.step('createChannel', ['user.channel.created', 'user.channel.joined'])

  const chat = await startChat(jane, channel)
  await recording.step('startChatSession', [])

  const { message } = await done(client.sendMessage({ channel, body: 'Hello, <@jane>!' }))
  await recording.step('sendMessage', [
    'user.message.created',
    'channel.message.created',
    'user.channel.updated',
  ])

  await done(client.reactToMessage({ message, emoji: '+1' }))
  await chat.onMessageReactionAdded.next()
  await recording.step('reactToMessage', ['message.reaction.created', 'message.reaction.created'])

  await done(client.listMessages({ channel }))
  await recording.step('listMessages', [])

  await done(client.readChannel({ channel }))
  await recording.step('readChannel, with nothing to read', [])

  await client.sendMessage({ channel, body: '' })
  await recording.step('sendMessage, which is refused', [])

  chat.session.end()
  await done(client.retrieveCurrentUser())
  await recording.step('ChatSession.end, retrieveCurrentUser', [])

  const through = wire.frames.length
  await disconnect(jane)
  recording.write('dispose', wire.frames.slice(through))

  mustAnswerBeforeReceipt(wire.frames)
  await expect(recording.text).toMatchFileSnapshot('golden/session.frames.txt')
})
