// Messages, their replies, and who has read them.
import { type ChatKittyApi, Refusal } from '#migrate/chatkitty/api.ts'
import { type MessageDocument, messageOf, type UserDocument } from '#migrate/chatkitty/documents.ts'
import { all, cursorPages, forEach } from '#migrate/chatkitty/lists.ts'
import { putUsers } from '#migrate/chatkitty/users.ts'
import type { Stage, Staged, Step } from '#migrate/source.ts'

/** Requests at once. */
const atOnce = 4
/** The list is newest first, and what is older gets a lower place; between two there is room for replies. */
const newestPlace = 2 ** 52
const apart = 1_000

interface Options {
  readReceipts: boolean
}

/** All that the list of the application has. It is read as a whole each time: edits do not change where they stand. */
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
        await putMessages(
          api,
          stage,
          items.map((message, at) => ({ message, place: newestPlace - (start + at) * apart })),
          options,
        )
        from = next
        done += items.length
        if (next !== undefined) await stage.save({ next, done } satisfies Position)
        stage.progress(done, total === undefined ? undefined : Math.max(total, done))
      }
    },
  }
}

/** Which message each reply replies to, and replies that the list of the application has not. */
export function repliesStep(api: ChatKittyApi, options: Options): Step {
  return {
    name: 'replies',
    title: 'Reading replies',
    unit: 'threads',
    async read(stage) {
      let done = 0
      for await (const roots of stage.repliedTo()) {
        await forEach(roots, atOnce, async ({ key, place }) => {
          await readReplies(api, stage, { key, place }, options)
          stage.progress(++done, undefined)
        })
      }
    },
  }
}

async function readReplies(
  api: ChatKittyApi,
  stage: Stage,
  { key, place }: { key: string; place: number },
  options: Options,
): Promise<void> {
  const replies: MessageDocument[] = []
  try {
    const path = `/threads/${key}/messages`
    for await (const { items } of cursorPages<MessageDocument>(api, path, 'messages')) replies.push(...items)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return stage.cannot('thread', key, error.message)
  }
  const keys = replies.map(({ id }) => String(id))
  const known = await stage.seen('message', keys)
  const unlisted = replies.filter(({ id }) => !known.has(String(id))).reverse()
  await putMessages(
    api,
    stage,
    unlisted.map((message, at) => ({ message, place: place + Math.min(apart - 1, at + 1) })),
    options,
  )
  await stage.setParents(key, keys)
}

async function putMessages(
  api: ChatKittyApi,
  stage: Stage,
  messages: { message: MessageDocument; place: number }[],
  { readReceipts }: Options,
): Promise<void> {
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
  if (!readReceipts || stage.isDryRun) return
  const states = new Map(staged.map(({ key, state }: Staged) => [key, state]))
  const asked = messages.filter(({ message }) => {
    const isKnown = states.get(String(message.id)) === 'same'
    return !isKnown || stage.since === null || message.createdTime >= stage.since
  })
  await forEach(asked, atOnce, ({ message, place }) => readReceiptsOf(api, stage, message, place))
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
