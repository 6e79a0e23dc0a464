// A cache of the authors of messages and the creators of channels. A page only reads the versions of their rows, and
// then the users whose version is not cached: a user depends on their row alone, and no two contents of a row have the
// same version.
import { LRUCache } from 'lru-cache'
import { column, int4, int8, select, text } from '#data/columns.ts'
import { type Db, readingByKey } from '#data/database.ts'
import {
  authored,
  type ChannelRecord,
  created,
  type MessageRecord,
  type UserVersion,
  userColumns,
} from '#data/rows.ts'
import type { Message } from '#resources/message.ts'
import type { User } from '#resources/user.ts'

/** Users with more than `bytesMax` of properties are not cached. */
const knownMax = 5_000
const bytesMax = 1_000
/** Versions are transaction ids, which Postgres reuses after 4 billion transactions: after days at the earliest. */
const knownMs = 3_600_000

interface Known {
  version: string
  user: User
}

interface KnownUsers {
  since: number
  byId: LRUCache<number, Known>
}

const knownTo = new WeakMap<Db, KnownUsers>()

function knownOf(db: Db): LRUCache<number, Known> {
  let known = knownTo.get(db)
  if (!known) {
    known = { since: performance.now(), byId: new LRUCache({ max: knownMax }) }
    knownTo.set(db, known)
    // The next connection may lead to another database, in which the same transaction id means something else.
    db.onLost(() => knownTo.get(db)?.byId.clear())
  }
  if (performance.now() - known.since > knownMs) {
    known.since = performance.now()
    known.byId.clear()
  }
  return known.byId
}

/** Fills in the authors of messages read with their versions. A message whose author no longer exists is left out. */
export async function withAuthors<M extends Message>(db: Db, messages: M[]): Promise<M[]> {
  const versions = messages.flatMap((message) => (message as MessageRecord)[authored] ?? [])
  const users = await findKnown(db, versions)
  return messages.filter((message) => {
    const version = (message as MessageRecord)[authored]
    if (version === undefined) return true
    ;(message as { user?: User | undefined }).user = users.get(version.id) // only messages of users have an author
    return users.has(version.id)
  })
}

/** Fills in the creators of channels read with their versions. */
export async function withCreators(db: Db, channels: ChannelRecord[]): Promise<void> {
  const users = await findKnown(
    db,
    channels.flatMap((channel) => channel[created] ?? []),
  )
  for (const channel of channels) {
    const version = channel[created]
    if (version !== undefined) channel.creator = users.get(version.id)
  }
}

/** Returns users by id: one round trip for those that are not cached in this version. */
async function findKnown(db: Db, versions: UserVersion[]): Promise<Map<number, User>> {
  const users = new Map<number, User>()
  if (versions.length === 0) return users
  const known = knownOf(db)
  const missing = new Set<number>()
  for (const { id, version } of versions) {
    const found = known.get(id)
    if (found?.version === version) users.set(id, found.user)
    else missing.add(id)
  }
  if (missing.size === 0) return users
  for (const { id, version, bytes, user } of await db.all(versionsStatement, [[...missing]])) {
    if (bytes <= bytesMax) known.set(id, { version, user })
    users.set(id, user)
  }
  return users
}

/** Reads users with the versions of their rows. */
export const versionsStatement = readingByKey(
  'user-versions',
  select({
    id: column(int8, 'u.id'),
    version: column(text, 'u.xmin'),
    bytes: column(int4, 'pg_column_size(u.properties)'),
    user: userColumns('u'),
  }),
  (columns) => `select ${columns} from "user" u where u.id = any($1::bigint[])`,
)
