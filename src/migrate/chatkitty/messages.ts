// Messages, their replies, and who has read them.
import { type ChatKittyApi, Refusal } from '#migrate/chatkitty/api.ts'
import { type MessageDocument, messageOf, type UserDocument } from '#migrate/chatkitty/documents.ts'
import { all, cursorPages, forEach } from '#migrate/chatkitty/lists.ts'
import { putUsers } from '#migrate/chatkitty/users.ts'
import type { Stage, Staged, Step } from '#migrate/source.ts'

/** How many requests go on at once. */
const atOnce = 4
/** The list is newest first, and what is older gets a lower place; between two there is room for replies. */
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
 * All that the list of the application has, and the replies. It is read as a whole each time: edits do not change where
 * they stand. Replies may be in that list, or in those of their threads alone: then these, too, are read each time.
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
          // The list is newest first: replies that it has are there before what they reply to.
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

/** What replies to a message, and to that, if the list of the application has not got it. */
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
    return stage.cannot('thread', key, error.message)
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

/** @returns those that are new, or say something else than before */
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
        stage.cannot('reaction', String(message.id), reason)
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

/** Authors whom the list of users has not: those who are deleted, and those who came since it was read. */
async function putFormerUsers(api: ChatKittyApi, stage: Stage, messages: MessageDocument[]): Promise<void> {
  const authors = new Map(messages.flatMap(({ user }) => (user ? [[String(user.id), user]] : [])))
  const known = await stage.seen('user', authors.keys())
  for (const [key, user] of authors) {
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
