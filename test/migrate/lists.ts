// All lists of an application in the Platform API, without ids, links and cursors, which differ between applications.
import type { Runtime } from '#resources/runtime.ts'
import type { ChannelDocument, MessageDocument, PageDocument } from '../support/documents.ts'
import type { TestApplication } from '../support/server.ts'

/** The fields of an item that are needed to request its own lists. */
type Item = Pick<MessageDocument, 'id' | 'nestedLevel'> &
  Partial<Pick<MessageDocument, 'body' | 'file' | 'repliesCount'>> & { name?: string }

/** The messages, and all other lists by name. */
export type Lists = Record<string, unknown> & { messages: Item[] }

/** Returns all lists by name, with names instead of ids, and the contents of files by name. */
export async function listsOf(application: TestApplication): Promise<Lists> {
  const lists: Lists = { messages: [] }
  const labels = new Map<string, string>()
  const get = async <Body>(path: string): Promise<Body> => {
    const { body } = await application.get(path).expect(200)
    return body
  }
  const list = async (path: string, name: string) => {
    const items: Item[] = []
    for (let next: string | undefined = `${path}${path.includes('?') ? '&' : '?'}size=100`; next; ) {
      const { _embedded, _links }: PageDocument<string, Item> = await get(next)
      items.push(...Object.values(_embedded).flat())
      const link: URL | undefined = _links.next && new URL(_links.next.href)
      next = link && link.pathname.replace(/^\/v1(\/applications\/\d+)?/, '') + link.search
    }
    lists[name] = items.map(bare)
    return items
  }
  const bare = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(bare)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
        if (key === 'id' || key === '_links') return []
        if (key === 'channelId') return [[key, labels.get(`channel ${each}`)]]
        if (key === 'url' || key === 'displayPictureUrl') {
          return [[key, String(each).replace(/^http:\/\/127\.0\.0\.1:\d+|(?<=\/files\/)[^/]+/g, '')]]
        }
        return [[key, key === 'properties' ? each : bare(each)]]
      }),
    )
  }
  const { _embedded: known } = await get<PageDocument<'channels', ChannelDocument>>('/channels?size=100')
  for (const { id, name, members } of known.channels) {
    const label = name ?? members.map((member) => member.name).join(' and ')
    labels.set(`channel ${id}`, label)
  }
  lists.application = (await get<{ properties: unknown }>('/application')).properties
  lists.settings = bare(await get('/application/settings'))
  for (const part of ['elements', 'features', 'styles']) {
    lists[`ui ${part}`] = bare(await get(`/application/ui/${part}`))
  }
  await list('/application/message-read-receipt-summaries', 'summaries')
  for (const { id, name } of await list('/users?sort=id', 'users')) {
    await list(`/users/${id}/channels?sort=id`, `channels of ${name}`)
    await list(`/users/${id}/messages`, `messages of ${name}`)
    await list(`/users/${id}/messages?unread=true`, `unread by ${name}`)
    await list(`/users/${id}/messages?unread=false`, `read by ${name}`)
    await list(`/users/${id}/notifications`, `notifications of ${name}`)
    lists[`count of ${name}`] = bare(await get(`/users/${id}/messages/unread/count`))
  }
  for (const { id } of await list('/channels?sort=id', 'channels')) {
    const label = labels.get(`channel ${id}`)
    for (const kind of ['messages', 'members', 'memberships', 'moderators', 'invites', 'participants']) {
      await list(`/channels/${id}/${kind}`, `${kind} of ${label}`)
    }
  }
  for (const { id, body, file, repliesCount } of await list('/messages', 'messages')) {
    const label = body ?? file?.name
    await list(`/messages/${id}/read-receipts`, `receipts of ${label}`)
    if (repliesCount !== undefined) await list(`/threads/${id}/messages`, `replies to ${label}`)
    if (file?.type === 'HOSTED') {
      const { text, body: bytes } = await application.get(new URL(file.url).pathname.slice(3)).expect(200)
      lists[`bytes of ${label}`] = text ?? Buffer.from(bytes).toString('base64')
    }
  }
  const runtime = bare(await get('/runtimes/nodejs')) as Pick<Runtime, 'environmentVariables'>
  lists.runtime = {
    ...runtime,
    environmentVariables: Object.fromEntries(
      Object.entries(runtime.environmentVariables).filter(([name]) => !name.startsWith('CHATKITTY_')),
    ),
  }
  for (const { id, name } of await list('/runtimes/nodejs/functions', 'functions')) {
    await list(`/functions/${id}/versions`, `versions of ${name}`)
  }
  return lists
}

/** What each message says: its text, or the name of its file. */
export const bodiesOf = (messages: Item[]) => messages.map(({ body, file }) => body ?? file?.name)
