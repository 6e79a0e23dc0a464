// Reads messages, replies and read receipts.
import { type ChatKittyApi, Refusal } from '#migrate/chatkitty/api.ts'
import { type MessageDocument, messageOf, type UserDocument } from '#migrate/chatkitty/documents.ts'
import { all, cursorPages, forEach } from '#migrate/chatkitty/lists.ts'
import { putUsers } from '#migrate/chatkitty/users.ts'
import type { Stage, Staged, Step } from '#migrate/source.ts'

/** Number of concurrent requests. */
const atOnce = 4
/** The list is newest first, so older messages get lower places; the gaps between places leave room for replies. */
const newestPlace = 2 ** 52
const apart = 1_000

interface Options {
  readReceipts: boolean
}

interface Placed {
  message: MessageDocument
  place: number
}

/**
 * Reads the application's list of messages, and replies. The whole list is read each time, because edits do not change
 * the position of messages. If replies are only in the lists of their threads, those are read each time as well.
 */
export function messagesStep(api: ChatKittyApi, options: Options): Step {
  return {
    name: 'messages',
    title: 'Reading messages',
    unit: 'messages',
    async read(stage) {
      type Position = { next: string | undefined; done: number }
      let { next: from, done } = stage.resumed<Position>() ?? { next: undefined, done: 0 }
      for await (const { items, total, next } of cursorPages<MessageDocument>(
        api,
        '/messages',
        'messages',
        from,
      )) {
        const start = done
        const placed = items.map((message, at) => ({ message, place: newestPlace - (start + at) * apart }))
        const changed = await putMessages(api, stage, placed, options)
        if (!stage.isDryRun) {
          // The list is newest first: replies in it come before the messages that they reply to.
          const roots = stage.recall<boolean>(repliesApart) ? placed : changed
          await forEach(roots.filter(isRepliedTo), atOnce, (root) => readReplies(api, stage, root, options))
        }
        from = next
        done += items.length
        if (next !== undefined) await stage.save({ next, done } satisfies Position)
        stage.progress(done, total === undefined ? undefined : Math.max(total, done))
      }
    },
  }
}

const repliesApart = 'replies are not in the list of messages'
const isRepliedTo = ({ message }: Placed) => (message.repliesCount ?? 0) > 0

/** Reads the replies to a message, recursively, if the application's list does not contain them. */
async function readReplies(
  api: ChatKittyApi,
  stage: Stage,
  { message: { id }, place }: Placed,
  options: Options,
): Promise<void> {
  const key = String(id)
  const replies: MessageDocument[] = []
  try {
    const path = `/threads/${key}/messages`
    for await (const { items } of cursorPages<MessageDocument>(api, path, 'messages')) replies.push(...items)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return stage.notCarried('thread', key, error.message)
  }
  const keys = replies.map((reply) => String(reply.id))
  const known = await stage.seen('message', keys)
  const unlisted = replies
    .filter((reply) => !known.has(String(reply.id)))
    .reverse()
    .map((message, at) => ({ message, place: place + Math.min(apart - 1, at + 1) }))
  if (unlisted.length > 0) {
    await stage.remember(repliesApart, true)
    await putMessages(api, stage, unlisted, options)
  }
  await stage.setParents(key, keys)
  for (const reply of unlisted.filter(isRepliedTo)) await readReplies(api, stage, reply, options)
}

/** @returns the messages that are new or have changed */
async function putMessages(
  api: ChatKittyApi,
  stage: Stage,
  messages: Placed[],
  { readReceipts }: Options,
): Promise<Placed[]> {
  await putFormerUsers(
    api,
    stage,
    messages.map(({ message }) => message),
  )
  const staged = await stage.put(
    'message',
    messages.map(({ message, place }) => ({ key: String(message.id), place, content: messageOf(message) })),
  )
  for (const { message } of messages) {
    for (const { emoji, users, count } of message.reactions ?? []) {
      if (count > users.length) {
        const reason = `${count - users.length} of those who reacted with ${emoji.character} are not shown`
        stage.notCarried('reaction', String(message.id), reason)
      }
    }
  }
  const states = new Map(staged.map(({ key, state }: Staged) => [key, state]))
  const isChanged = ({ message }: Placed) => states.get(String(message.id)) !== 'same'
  const isRecent = ({ message }: Placed) => stage.since === null || message.createdTime >= stage.since
  if (readReceipts && !stage.isDryRun) {
    const asked = messages.filter((each) => isChanged(each) || isRecent(each))
    await forEach(asked, atOnce, ({ message, place }) => readReceiptsOf(api, stage, message, place))
  }
  return messages.filter(isChanged)
}

async function readReceiptsOf(
  api: ChatKittyApi,
  stage: Stage,
  { id, channelId, user }: MessageDocument,
  place: number,
): Promise<void> {
  type Receipt = { createdTime: string; user: UserDocument }
  const receipts = await all<Receipt>(api, `/messages/${id}/read-receipts`, 'receipts').catch((error) => {
    if (error instanceof Refusal && error.status === 404) return [] // it was deleted just now
    throw error
  })
  const readers = receipts.map((receipt) => ({ user: String(receipt.user.id), time: receipt.createdTime }))
  const content = { channel: String(channelId), author: user && String(user.id), readers }
  await stage.put('receipts', [{ key: String(id), place, content }])
}

/**
 * Stores authors, and users whom a message mentions, who are not in the list of users: deleted ones, and those created
 * since it was read.
 */
async function putFormerUsers(api: ChatKittyApi, stage: Stage, messages: MessageDocument[]): Promise<void> {
  const named = messages.flatMap(({ user, mentions = [] }) => [user, ...mentions.map((each) => each.user)])
  const people = new Map(named.flatMap((user) => (user?.name === undefined ? [] : [[String(user.id), user]])))
  const known = await stage.seen('user', people.keys())
  for (const [key, user] of people) {
    if (known.has(key)) continue
    const isThere = await api.get(`/users/${key}`).then(
      () => true,
      (error) => {
        if (error instanceof Refusal && error.status === 404) return false
        throw error
      },
    )
    await putUsers(api, stage, [user], !isThere)
  }
}
