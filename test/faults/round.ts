// One round: writers write and readers read during faults; then the guarantees are checked.

import { setTimeout as sleep } from 'node:timers/promises'
import { v4 as uuid } from 'uuid'
import type { MessageDocument, PageDocument } from '../support/documents.ts'
import { Device } from './device.ts'
import { bodyOf, judge, type Stored, type Write } from './law.ts'
import type { Instance, Stage } from './stage.ts'

export interface Round {
  writes: number
  acknowledged: number
  /** Writes that were stored without being acknowledged, which is allowed. */
  storedUnanswered: number
  /** Messages delivered to all readers. */
  delivered: number
  /** Repeated deliveries because an acknowledgement was lost. */
  deliveredAgain: number
  resumed: number
  /** Sessions that could not be resumed, whose readers then read the history. */
  reloaded: number
  /** From the acknowledgement of a write to its delivery to a reader, in ms. */
  slowestMs: number
  /** Counts of the ERRORs that ended connections, and of refused SUBSCRIBEs. */
  errors: string[]
  /** The violations, one per line. */
  broken: string[]
}

export interface Load {
  /** The number of readers, of whom every second also writes over its socket. */
  devices: number
  /** The number of backends that write by REST. */
  backends: number
}

/** What a fault can use. */
export interface Scene {
  stage: Stage
  random: () => number
  devices: Device[]
  /** Channels that a fault created and sent messages to. */
  otherChannelIds: number[]
  /** Records a violation. */
  broken(line: string): void
}

/** The pause before clients reconnect; that of official ones is 5 s. */
const backMs = 250

/** The pauses of a writer after an answer, and after a missing answer. */
const restMs = 4
const retryMs = 50

/** The maximum time from the last write until everything is delivered. */
const settleMs = 30_000

/**
 * Runs a round in its own channel.
 * @param strikes the number of faults, each of which begins at a random time
 * @param strike produces one fault, and resolves when it is over
 */
export async function runRound(
  stage: Stage,
  load: Load,
  strikes: number,
  random: () => number,
  strike: (scene: Scene, nth: number) => Promise<void>,
): Promise<Round> {
  const name = uuid().slice(0, 8)
  const usernames = Array.from({ length: load.devices }, (_, at) => `${name}-reader-${at}`)
  for (const username of usernames) {
    await stage.create('/users', { name: username, displayName: username, isGuest: false })
  }
  const members = usernames.map((username) => ({ username }))
  const { id: channelId } = await stage.create('/channels', { type: 'PUBLIC', name, members })
  const readHistory = () => history(stage, channelId)
  const devices = usernames.map((username, at) => {
    const { network } = stage.instances[at % stage.instances.length] as Instance
    return new Device({ url: network.url, apiKey: stage.apiKey, username, channelId, readHistory, backMs })
  })
  stage.failures.clear()
  const before = await countMessages(stage)
  const broken: string[] = []
  const scene: Scene = { stage, random, devices, otherChannelIds: [], broken: (line) => broken.push(line) }
  const writes: (Write & { at: number })[] = []
  try {
    await Promise.all(devices.map((device) => device.open()))
    let isOver = false
    const write = async (writer: string, send: (body: string) => Promise<number | undefined>) => {
      for (let nth = 1; !isOver; nth++) {
        const id = await send(bodyOf({ writer, nth }))
        const outcome = id === undefined ? 'unknown' : 'acknowledged'
        writes.push({ writer, nth, outcome, at: Date.now(), ...(id !== undefined && { id }) })
        await sleep(id === undefined ? retryMs : restMs)
      }
    }
    const writers = [
      ...devices
        .filter((_, at) => at % 2 === 1)
        .map((each) => write(`${each.name}`, (body) => each.send(body))),
      ...Array.from({ length: load.backends }, (_, at) => {
        const instance = stage.instances[at % stage.instances.length] as Instance
        return write(`${name}-backend-${at}`, (body) => sendByRest(stage, instance, channelId, body))
      }),
    ]
    try {
      for (let nth = 0; nth < strikes; nth++) {
        await sleep(200 + random() * 800)
        await strike(scene, nth)
      }
      await sleep(500)
    } finally {
      isOver = true
      await Promise.all(writers)
    }
    const stored = await settle(scene, channelId, before)
    return sum(stage, writes, stored, devices, broken)
  } finally {
    await Promise.all(devices.map((device) => device.close()))
  }
}

async function sendByRest(
  stage: Stage,
  instance: Instance,
  channelId: number,
  body: string,
): Promise<number | undefined> {
  try {
    const answer = await stage.request(instance, 'POST', `/channels/${channelId}/messages`, {
      type: 'TEXT',
      body,
    })
    const message = (await answer.json()) as { id: number }
    return answer.ok ? message.id : undefined
  } catch {
    return undefined
  }
}

type Messages = PageDocument<'messages', MessageDocument>

/** Returns all messages of a channel, oldest first. */
async function history(stage: Stage, channelId: number): Promise<Stored['history']> {
  const found: Stored['history'] = []
  let path: string | undefined = `/channels/${channelId}/messages?size=100`
  while (path !== undefined) {
    const { _embedded, _links }: Messages = await stage.get<Messages>(path)
    for (const { id, body } of _embedded?.messages ?? []) found.push({ id, body })
    const next: string | undefined = _links.next?.href
    path = next?.slice(next.indexOf('/channels/'))
  }
  return found.toReversed()
}

/** Returns the server's message count of the application, or of the given resource. */
async function countMessages(stage: Stage, of = ''): Promise<number> {
  return (await stage.get<Messages>(`${of}/messages?size=1`)).page.total ?? 0
}

/** Returns what is stored once it is delivered and counted, or after the maximum time. */
async function settle(scene: Scene, channelId: number, before: number): Promise<Stored> {
  const { stage, devices, otherChannelIds } = scene
  const giveUpAt = Date.now() + settleMs
  let last = -1
  for (;;) {
    const messages = await history(stage, channelId)
    let added = (await countMessages(stage)) - before
    for (const id of otherChannelIds) added -= await countMessages(stage, `/channels/${id}`)
    const total = await countMessages(stage, `/channels/${channelId}`)
    const stored = { history: messages, total, added }
    const knowsAll = ({ heard }: Device) => {
      const known = new Set(heard.map(({ id }) => id))
      return messages.every(({ id }) => known.has(id))
    }
    const isCounted = stored.total === messages.length && stored.added === messages.length
    // The last message may still arrive, although its writer has given up.
    const isSettled = last === messages.length && isCounted && devices.every(knowsAll)
    if (isSettled || Date.now() > giveUpAt) return stored
    last = messages.length
    await sleep(300)
  }
}

function sum(
  stage: Stage,
  writes: (Write & { at: number })[],
  stored: Stored,
  devices: Device[],
  broken: string[],
): Round {
  const readings = devices.map(({ name, heard }) => ({ reader: name, heard }))
  const isStored = new Set(stored.history.map(({ body }) => body))
  const total = (count: (device: Device) => number) => devices.reduce((sum, each) => sum + count(each), 0)
  const acknowledged = writes.filter(({ outcome }) => outcome === 'acknowledged')
  const lag = (device: Device) =>
    Math.max(0, ...acknowledged.map(({ id = 0, at }) => (device.deliveredAt.get(id) ?? at) - at))
  const ofEvents = (device: Device) => device.heard.filter(({ by }) => by === 'event').length
  return {
    writes: writes.length,
    acknowledged: acknowledged.length,
    storedUnanswered: writes.filter((each) => each.outcome === 'unknown' && isStored.has(bodyOf(each)))
      .length,
    delivered: total(ofEvents),
    deliveredAgain: total((device) => ofEvents(device) - device.deliveredAt.size),
    resumed: total(({ resumed }) => resumed),
    reloaded: total(({ reloaded }) => reloaded),
    slowestMs: Math.max(...devices.map(lag)),
    errors: devices.flatMap(({ errors }) => errors),
    broken: [...judge(writes, stored, readings, stage.deaths), ...stage.failures, ...broken],
  }
}
