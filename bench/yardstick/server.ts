// The yardstick: the smallest node:http server that does the visible work of a chat backend on the schema beside it.
// It validates nothing. MANNER: `plain` is one statement and one commit per request, rows parsed by pg, and
// JSON.stringify; `batched` puts requests that arrive together into one statement and one commit; `text` copies text
// from Postgres into the answer without parsing it. The last two show what this stack can do.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { newest, sendMany, sendOne } from './schema.ts'

const { DATABASE_URL, MANNER = 'plain' } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 16, options: '-c TimeZone=UTC' })
const base = 'http://chat.example.com/v1'

createServer((request, response) => {
  answer(request).then(
    (text) => reply(response, 200, text),
    (error) => reply(response, 500, String(error)),
  )
}).listen(0, '127.0.0.1', function listening(this: { address(): unknown }) {
  process.stdout.write(`${(this.address() as AddressInfo).port}\n`)
})

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

async function answer(request: IncomingMessage): Promise<string> {
  const room = /^\/v1\/channels\/(\d+)\/messages$/.exec(request.url ?? '')?.[1]
  if (room === undefined) throw new Error(`Nothing is at ${request.url}`)
  if (request.method === 'POST') return send(room, await readJson(request))
  return MANNER === 'text' ? pageOfText(room) : pageOf(room)
}

async function readJson(request: IncomingMessage): Promise<Input> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return JSON.parse(text)
}

// ------------------------------------------------------------------------------------------------- sends

interface Input {
  body: string
  user: { username: string }
  properties: unknown
}
type Values = [room: string, username: string, body: string, properties: string]

interface Waiting {
  values: Values
  resolve: (text: string) => void
  reject: (error: unknown) => void
}

const groupMax = 256
let waiting: Waiting[] = []
let isSending = false

function send(room: string, { body, user, properties }: Input): Promise<string> {
  const values: Values = [room, user.username, body, JSON.stringify(properties)]
  if (MANNER !== 'batched') return sendAlone(values)
  return new Promise((resolve, reject) => {
    waiting.push({ values, resolve, reject })
    if (!isSending) void drain()
  })
}

async function sendAlone(values: Values): Promise<string> {
  const [row] = await query(sendOne, values)
  return JSON.stringify(document(row as PostRow))
}

async function drain(): Promise<void> {
  isSending = true
  while (waiting.length > 0) {
    const group = waiting.slice(0, groupMax)
    waiting = waiting.slice(groupMax)
    try {
      const [first] = group
      if (first && group.length === 1) {
        first.resolve(await sendAlone(first.values))
        continue
      }
      const rows = await query(
        sendMany,
        [0, 1, 2, 3].map((at) => group.map(({ values }) => values[at])),
      )
      for (const [at, { resolve }] of group.entries()) resolve(JSON.stringify(document(rows[at] as PostRow)))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
  isSending = false
}

// ------------------------------------------------------------------------------------------------- pages

async function pageOf(room: string): Promise<string> {
  const messages = (await query(newest, [room])).map(document)
  return JSON.stringify({
    _embedded: { messages },
    _links: linksOfPage(room, messages.at(-1)?.id),
    page: { size: 25 },
  })
}

async function pageOfText(room: string): Promise<string> {
  const rows = await query(newest, [room], asText)
  const links = JSON.stringify(linksOfPage(room, rows.at(-1)?.[0] as string | undefined))
  return `{"_embedded":{"messages":[${rows.map(documentOfText).join(',')}]},"_links":${links},"page":{"size":25}}`
}

function linksOfPage(room: string, last: number | string | undefined) {
  const self = `${base}/channels/${room}/messages`
  return { self: { href: self }, ...(last !== undefined && { next: { href: `${self}?next=${last}` } }) }
}

type PostRow = [
  id: string,
  room: string,
  body: string,
  properties: unknown,
  created: Date,
  authorId: string,
  name: string,
  displayName: string,
  picture: string | null,
  isGuest: boolean,
  online: boolean,
  authorProperties: unknown,
]

function document(row: unknown[]) {
  const [id, room, body, properties, created, authorId, name, displayName, picture, isGuest, online, rest] =
    row as PostRow
  return {
    type: 'TEXT',
    id: Number(id),
    channelId: Number(room),
    nestedLevel: 0,
    properties,
    createdTime: created,
    body,
    links: [],
    mentions: [],
    user: {
      id: Number(authorId),
      type: 'PERSON',
      name,
      displayName,
      displayPictureUrl: picture ?? `${base}/picture/${encodeURIComponent(displayName)}`,
      isGuest,
      callStatus: 'AVAILABLE',
      presence: { status: online ? 'AVAILABLE' : 'UNAVAILABLE', online },
      properties: rest,
    },
    _links: {
      self: { href: `${base}/messages/${id}` },
      user: { href: `${base}/users/${authorId}` },
      channel: { href: `${base}/channels/${room}` },
      application: { href: base },
    },
  }
}

/** Returns the same document from text cells: JSON and times are inserted unchanged. */
function documentOfText(row: unknown[]): string {
  const [id, room, body, properties, created, authorId, name, displayName, picture, isGuest, online, rest] =
    row as string[]
  const q = JSON.stringify
  const isOnline = online === 't'
  return `{"type":"TEXT","id":${id},"channelId":${room},"nestedLevel":0,"properties":${properties},"createdTime":"${created?.replace(' ', 'T')}","body":${q(body)},"links":[],"mentions":[],"user":{"id":${authorId},"type":"PERSON","name":${q(name)},"displayName":${q(displayName)},"displayPictureUrl":${q(picture ?? `${base}/picture/${encodeURIComponent(displayName ?? '')}`)},"isGuest":${isGuest === 't'},"callStatus":"AVAILABLE","presence":{"status":"${isOnline ? 'AVAILABLE' : 'UNAVAILABLE'}","online":${isOnline}},"properties":${rest}},"_links":{"self":{"href":"${base}/messages/${id}"},"user":{"href":"${base}/users/${authorId}"},"channel":{"href":"${base}/channels/${room}"},"application":{"href":"${base}"}}}`
}

const asText = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig

async function query(
  statement: { name: string; text: string },
  values: unknown[],
  types?: pg.CustomTypesConfig,
): Promise<unknown[][]> {
  const { rows } = await pool.query({ ...statement, values, rowMode: 'array', ...(types && { types }) })
  return rows
}
