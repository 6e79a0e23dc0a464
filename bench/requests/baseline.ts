// The baseline of the REST API: the three requests of the benchmark on bare node:http and pg, written in the simplest
// way. The same SQL and the same bytes, one statement and one commit per request; nothing is validated.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readChannelPage } from '#data/channels/channels.ts'
import type { Database, Db, Statement } from '#data/database.ts'
import { openDatabase } from '#data/open-database.ts'
import { channelShape, messageColumns, userColumns } from '#data/rows.ts'
import { listNewestStatement } from '#data/sql/list-messages.ts'
import { sendColumns, sendOneStatement } from '#data/sql/send-messages.ts'
import { versionsStatement } from '#data/users/known-users.ts'

const applicationId = Number(process.env.APPLICATION_ID)
const { pool } = openDatabase(process.env.DATABASE_URL ?? '', (error) => process.stderr.write(`${error}\n`))
const messagesStatement = listNewestStatement('channel') ?? { text: '' }
const channelsPage = await recordStatement((db) =>
  readChannelPage(db, applicationId, {}, { number: 0, size: 25, sort: [] }),
)

const server = createServer((request, response) => {
  answer(request).then(
    (document) => reply(response, 200, document),
    (error) => reply(response, 500, { error: String(error) }),
  )
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))

function reply(response: ServerResponse, status: number, document: unknown) {
  const body = JSON.stringify(document)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const origin = `http://${request.headers.host}`
  const [path = ''] = (request.url ?? '').split('?')
  const channelId = Number(/^\/v1\/channels\/(\d+)\/messages$/.exec(path)?.[1])
  if (request.method === 'POST') return sendMessage(origin, channelId, await readJson(request))
  return channelId ? listOfMessages(origin, path, channelId) : listOfChannels(origin, path)
}

async function readJson(request: IncomingMessage) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString())
}

// ------------------------------------------------------------------------------------------- requests

async function sendMessage(
  origin: string,
  channelId: number,
  input: { body: string; user: { username: string }; properties: unknown },
) {
  const values: Record<string, unknown> = {
    application_id: applicationId,
    channel_id: channelId,
    nested_level: 0,
    type: 'TEXT',
    as_user: true,
    username: input.user.username,
    body: input.body,
    properties: JSON.stringify(input.properties),
  }
  const [row = []] = await query(
    sendOneStatement,
    sendColumns.map(([name]) => values[name] ?? null),
  )
  return messageDocument(origin, {
    id: row[1],
    channelId,
    body: input.body,
    links: [],
    properties: input.properties,
    createdTime: row.at(-userWidth - 1), // the author's columns come last
    user: row.slice(-userWidth),
  })
}

async function listOfMessages(origin: string, path: string, channelId: number) {
  const rows = await query(messagesStatement, [channelId, applicationId, 26])
  const authors = await usersOf(rows.map((row) => row.slice(-2)))
  const messages = rows.map((row) => messageAt(origin, row, 1, authors))
  const [next] = messages.splice(25)
  const url = `${origin}${path}?start=${messages[0]?.id}&next=${next?.id}&size=25`
  return {
    _embedded: { messages },
    _links: { self: { href: `${url}&relation=SELF` }, next: { href: `${url}&relation=NEXT` } },
    page: { size: 25, total: Number(rows[0]?.[0]), start: String(messages[0]?.id), next: String(next?.id) },
  }
}

/** Users by id, cached by the versions of their rows, as in Chatterie. */
const known = new Map<string, Cells>()

async function usersOf(versions: Cells[]): Promise<Map<string, Cells>> {
  const missing = versions.filter(([id, version]) => known.get(id)?.[1] !== version).map(([id]) => id)
  if (missing.length > 0) for (const row of await query(versionsStatement, [missing])) known.set(row[0], row)
  return new Map(versions.map(([id]) => [id, known.get(id)?.slice(3) ?? []]))
}

async function listOfChannels(origin: string, path: string) {
  const found = await query(channelsPage.statement, channelsPage.values)
  const rows = found.map((row) => row.slice(2))
  const users = await usersOf(
    rows.flatMap((row) => [row.slice(channelWidth, channelWidth + 2), row.slice(-2)]),
  )
  const total = Number(found[0]?.[0])
  const pages = Math.ceil(total / 25)
  const to = (page: number) => ({ href: `${origin}${path}?page=${page}&size=25` })
  return {
    _embedded: { channels: rows.map((row) => channelDocument(origin, row, users)) },
    _links: { first: to(0), self: to(0), next: to(1), last: to(pages - 1) },
    page: { size: 25, totalElements: total, totalPages: pages, number: 0 },
  }
}

// ------------------------------------------------------------------------------------------ documents

// biome-ignore lint/suspicious/noExplicitAny: cells as pg parses them
type Cells = any[]

const userWidth = userColumns('u').width
const messageWidth = messageColumns('m', 'u').width - userWidth
const channelWidth = Object.keys(channelShape).length

function userDocument(origin: string, [id, type, name, displayName, isGuest, ...rest]: Cells) {
  const [callStatus, status, online, picture, properties] = rest
  const displayPictureUrl =
    picture ?? `${origin}/v1/picture/${encodeURIComponent(displayName).replaceAll('%20', '+')}`
  const presence = { status, online }
  return {
    id: Number(id),
    type,
    name,
    displayName,
    displayPictureUrl,
    isGuest,
    callStatus,
    presence,
    properties,
  }
}

function messageAt(origin: string, row: Cells, at: number, users: Map<string, Cells>) {
  return messageDocument(origin, {
    id: row[at],
    channelId: row[at + 2],
    body: row[at + 3],
    links: row[at + 8] ?? [],
    properties: row[at + 9],
    createdTime: row[at + 10],
    user: users.get(row[at + messageWidth]) ?? [],
  })
}

function messageDocument(
  origin: string,
  message: {
    id: string
    channelId: number | string
    body: string
    links: unknown[]
    properties: unknown
    createdTime: Date
    user: Cells
  },
) {
  const base = `${origin}/v1/applications/${applicationId}`
  const user = userDocument(origin, message.user)
  return {
    type: 'TEXT',
    id: Number(message.id),
    channelId: Number(message.channelId),
    nestedLevel: 0,
    properties: message.properties,
    createdTime: message.createdTime.toISOString(),
    body: message.body,
    links: message.links,
    mentions: [],
    user,
    _links: {
      self: { href: `${base}/messages/${message.id}` },
      user: { href: `${base}/users/${user.id}` },
      channel: { href: `${base}/channels/${message.channelId}` },
      application: { href: base },
    },
  }
}

function channelDocument(origin: string, row: Cells, users: Map<string, Cells>) {
  const [id, type, name, displayName, properties, createdTime] = row
  const base = `${origin}/v1/applications/${applicationId}`
  const self = `${base}/channels/${id}`
  const { _links, ...lastReceivedMessage } = messageAt(origin, row, channelWidth + 2, users)
  return {
    type,
    id: Number(id),
    creator: userDocument(origin, users.get(row[channelWidth]) ?? []),
    lastReceivedMessage,
    properties,
    createdTime: createdTime.toISOString(),
    name,
    displayName,
    _links: {
      self: { href: self },
      participants: { href: `${self}/participants` },
      messages: { href: `${self}/messages` },
      events: { href: `${self}/events` },
      memberships: { href: `${self}/memberships` },
      members: { href: `${self}/members` },
      moderators: { href: `${self}/moderators` },
      application: { href: base },
    },
  }
}

// ------------------------------------------------------------------------------------------------ SQL

/** Returns rows as arrays, because the statements have several columns of the same name; parsed with pg's defaults. */
async function query(statement: Statement, values: unknown[]): Promise<Cells[]> {
  const result = await pool.query({ ...statement, values, rowMode: 'array' })
  return result.rows
}

/** Records the named statement, and the values that Chatterie uses for a list. */
async function recordStatement(read: (db: Db) => Promise<unknown>) {
  let recorded: { statement: Statement; values: unknown[] } | undefined
  const db: Pick<Database, 'all'> = {
    async all({ name = 'recorded', text }, values) {
      recorded ??= { statement: { name, text }, values }
      return []
    },
  }
  await read(db as Db)
  if (!recorded) throw new Error('Nothing was asked of the database')
  return recorded
}
