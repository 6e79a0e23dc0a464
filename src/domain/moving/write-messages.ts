import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { count, tally } from '#data/events/counters.ts'
import { keepFile } from '#data/files.ts'
import { lockChannels, moveChannels } from '#data/jobs/imports.ts'
import { endItems, idsOfItems, type Move, type PendingItem } from '#data/moving/items.ts'
import {
  channelsOfMessages,
  insertMovedMessages,
  type MovedReaction,
  type MovedRow,
  openMovedThreads,
  updateMovedMessages,
} from '#data/moving/messages.ts'
import { drawNumbers } from '#data/moving/numbers.ts'
import type { StoredFile, StoredMention } from '#data/rows.ts'
import { parseTexts } from '#domain/messages/parse-texts.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { MovedMessage } from '#resources/moving.ts'

type Item = PendingItem<MovedMessage>

/** The ids that the keys of a batch were mapped to. */
interface Known {
  people: Map<string, number>
  channels: Map<string, number>
  messages: Map<string, number>
}

/**
 * Stores messages in order, with their original times, authors, threads and reactions, or updates them to their state
 * in the source. They are history: nobody is notified, and no function runs for them (decision 5).
 * @param files stored files by the key of their message
 */
export async function writeMessages(
  ctx: Context,
  move: Move,
  items: Item[],
  files: ReadonlyMap<string, StoredFile>,
): Promise<Problem[]> {
  const { applicationId } = move
  return ctx.db.transact(async (tx) => {
    const known = await lookUp(tx, move, items)
    const there = await lockChannels(tx, applicationId, [...known.channels.values()])
    const numbers = await drawNumbers(tx, 'message', items.filter(({ id }) => id === null).length)
    for (const item of items) item.id ?? known.messages.set(item.key, numbers.shift() as number)
    const parents = items.flatMap(({ parentKey }) => known.messages.get(parentKey ?? '') ?? [])
    const channelOf = await channelsOfMessages(tx, applicationId, parents)
    const problems: Problem[] = []
    const writable: Item[] = []
    for (const item of items) {
      const reason = lacking(item, known, { there, channelOf })
      if (reason === undefined) {
        writable.push(item)
        const channelId = known.channels.get(item.content.channel) as number
        if (item.id === null) channelOf.set(known.messages.get(item.key) as number, channelId)
      } else problems.push({ key: item.key, reason })
    }
    const rows = await toRows(tx, move, writable, known, files)
    const fresh = rows.filter((_, at) => writable[at]?.id === null)
    await openMovedThreads(tx, applicationId, threadsOf(rows))
    await insertMovedMessages(tx, applicationId, fresh)
    await updateMovedMessages(
      tx,
      applicationId,
      rows.filter((_, at) => writable[at]?.id !== null),
    )
    for (const { file } of fresh) if (file?.type === 'HOSTED') await keepFile(tx, file.key)
    if (fresh.length > 0) {
      await moveChannels(
        tx,
        fresh.map(({ channelId }) => channelId),
      )
    }
    await endItems(
      tx,
      move,
      'message',
      writable.map(({ key }) => ({ key, id: known.messages.get(key) })),
    )
    await count(tx, countsOf(applicationId, fresh))
    return problems
  })
}

async function lookUp(tx: Tx, move: Move, items: Item[]): Promise<Known> {
  const mentioned = (type: 'USER' | 'CHANNEL') =>
    items.flatMap(({ content }) =>
      (content.mentions ?? []).flatMap((mention) => (mention.type === type ? mention.key : [])),
    )
  const people = items.flatMap(({ content }) => [
    ...(content.user === undefined ? [] : [content.user]),
    ...content.reactions.flatMap(({ users }) => users),
  ])
  const messages = await idsOfItems(
    tx,
    move,
    'message',
    items.flatMap(({ parentKey }) => parentKey ?? []),
  )
  for (const { key, id } of items) if (id !== null) messages.set(key, id)
  return {
    people: await idsOfItems(tx, move, 'user', [...people, ...mentioned('USER')]),
    channels: await idsOfItems(tx, move, 'channel', [
      ...items.map(({ content }) => content.channel),
      ...mentioned('CHANNEL'),
    ]),
    messages,
  }
}

/** Returns why a message cannot be written, or undefined if it can. */
function lacking(
  { content, parentKey }: Item,
  { people, channels, messages }: Known,
  { there, channelOf }: { there: Set<number>; channelOf: Map<number, number> },
): string | undefined {
  const channelId = channels.get(content.channel)
  if (channelId === undefined || !there.has(channelId)) {
    return `channel ${content.channel} could not be carried`
  }
  if (content.user !== undefined && !people.has(content.user)) {
    return `its author ${content.user} could not be carried`
  }
  if (parentKey === null) return undefined
  const place = channelOf.get(messages.get(parentKey) ?? 0)
  if (place === channelId) return undefined
  return place === undefined
    ? `the message ${parentKey} that it replies to could not be carried`
    : `the message ${parentKey} that it replies to is in another channel`
}

async function toRows(
  tx: Tx,
  { applicationId }: Move,
  items: Item[],
  { people, channels, messages }: Known,
  files: ReadonlyMap<string, StoredFile>,
): Promise<MovedRow[]> {
  const parsed = await parseTexts(
    tx,
    applicationId,
    items.map(({ content }) => content.body ?? ''),
  )
  return items.map(({ key, parentKey, content }, at): MovedRow => {
    const { body, user, file } = content
    const parentId = messages.get(parentKey ?? '')
    const text = parsed[at] ?? { mentions: [], links: [] }
    return {
      id: messages.get(key) as number,
      channelId: channels.get(content.channel) as number,
      parentId,
      nestedLevel: parentId === undefined ? 0 : Math.max(1, content.nestedLevel),
      type: typeOf(content),
      userId: user === undefined ? undefined : people.get(user),
      body,
      file: file && (files.get(key) ?? external(file)),
      groupTag: content.groupTag,
      mentions: content.mentions ? mentionsOf(content.mentions, people, channels) : text.mentions,
      links: content.links ?? text.links,
      properties: content.properties,
      createdTime: content.createdTime,
      lastEditedTime: content.lastEditedTime,
      hasThread: content.replies !== undefined,
      reactions: reactionsOf(content, people),
    }
  })
}

function typeOf({ user, file }: MovedMessage): MovedRow['type'] {
  if (user === undefined) return file ? 'SYSTEM_FILE' : 'SYSTEM_TEXT'
  return file ? 'FILE' : 'TEXT'
}

function external({ url, name, contentType, size }: NonNullable<MovedMessage['file']>): StoredFile {
  return { type: 'EXTERNAL', url, name, contentType, size }
}

function mentionsOf(
  mentions: NonNullable<MovedMessage['mentions']>,
  people: Map<string, number>,
  channels: Map<string, number>,
): StoredMention[] {
  return mentions.flatMap(({ key, ...mention }) => {
    const id = (mention.type === 'USER' ? people : channels).get(key)
    return id === undefined ? [] : [{ ...mention, id }]
  })
}

/** Returns the reactions; to keep the order, unknown times follow the message's own, a millisecond apart. */
function reactionsOf({ reactions, createdTime }: MovedMessage, people: Map<string, number>): MovedReaction[] {
  const sent = Date.parse(createdTime)
  return reactions.flatMap(({ emoji, users, createdTime: since }, at) => {
    const time = since ?? new Date(sent + at).toISOString()
    return [...new Set(users.flatMap((user) => people.get(user) ?? []))].map((userId) => ({
      emoji,
      userId,
      createdTime: time,
    }))
  })
}

/** Returns the threads of messages with replies, here or in the source. */
function threadsOf(rows: MovedRow[]): { id: number; channelId: number; createdTime: string }[] {
  return rows.flatMap(({ id, channelId, parentId, hasThread, createdTime }) => [
    ...(parentId === undefined ? [] : [{ id: parentId, channelId, createdTime }]),
    ...(hasThread ? [{ id, channelId, createdTime }] : []),
  ])
}

function countsOf(applicationId: number, rows: MovedRow[]) {
  const inMain = rows.filter(({ parentId }) => parentId === undefined)
  const replies = Map.groupBy(
    rows.filter(({ parentId }) => parentId !== undefined),
    ({ channelId, parentId }) => `${channelId} ${parentId}`,
  )
  return [
    ...tally(inMain.map(({ channelId }) => channelId)).map(([channelId, each]) => ({
      type: 'channel.message.created' as const,
      applicationId,
      channelId,
      count: each,
    })),
    ...[...replies.values()].map((inThread) => ({
      type: 'thread.message.created' as const,
      applicationId,
      channelId: inThread[0]?.channelId as number,
      threadId: inThread[0]?.parentId as number,
      count: inThread.length,
    })),
  ]
}
