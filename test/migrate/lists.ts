// Every list that the Platform API has of an application, without what is another in each: ids, links, cursors.
import type { TestApplication } from '../support/server.ts'

// biome-ignore lint/suspicious/noExplicitAny: documents as a client sees them
type Document = any

/** By path, with names in the place of ids; and the bytes of files by theirs. */
export async function listsOf(application: TestApplication): Promise<Record<string, Document>> {
  const lists: Record<string, Document> = {}
  const labels = new Map<string, string>()
  const get = async (path: string): Promise<Document> => {
    const { body } = await application.get(path).expect(200)
    return body
  }
  const list = async (path: string, name: string) => {
    const items: Document[] = []
    for (let next: string | undefined = `${path}${path.includes('?') ? '&' : '?'}size=100`; next; ) {
      const { _embedded, _links }: Document = await get(next)
      items.push(...Object.values(_embedded).flat())
      next = _links.next && new URL(_links.next.href).pathname.replace(/^\/v1(\/applications\/\d+)?/, '')
      if (next) next += new URL(_links.next.href).search
    }
    lists[name] = items.map(bare)
    return items
  }
  const bare = (value: Document): Document => {
    if (Array.isArray(value)) return value.map(bare)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]: [string, Document]) => {
        if (key === 'id' || key === '_links') return []
        if (key === 'channelId') return [[key, labels.get(`channel ${each}`)]]
        if (key === 'url' || key === 'displayPictureUrl') {
          return [[key, each.replace(/^http:\/\/127\.0\.0\.1:\d+|(?<=\/files\/)[^/]+/g, '')]]
        }
        return [[key, key === 'properties' ? each : bare(each)]]
      }),
    )
  }
  const { _embedded: known } = await get('/channels?size=100')
  for (const { id, name, members } of known.channels) {
    const label = name ?? members.map((member: Document) => member.name).join(' and ')
    labels.set(`channel ${id}`, label)
  }
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
    const label = body ?? file.name
    await list(`/messages/${id}/read-receipts`, `receipts of ${label}`)
    if (repliesCount !== undefined) await list(`/threads/${id}/messages`, `replies to ${label}`)
    if (file?.type === 'HOSTED') {
      const { text, body: bytes } = await application.get(new URL(file.url).pathname.slice(3)).expect(200)
      lists[`bytes of ${label}`] = text ?? Buffer.from(bytes).toString('base64')
    }
  }
  const runtime = bare(await get('/runtimes/nodejs'))
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
