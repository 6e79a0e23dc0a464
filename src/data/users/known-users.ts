// A cache of message authors. A page only reads the versions of authors' rows, and then the users whose version is not
// cached: a user depends on their row alone, and no two contents of a row have the same version.
import { LRUCache } from 'lru-cache'
import { column, int4, int8, select, text } from '#data/columns.ts'
import { type Db, reading, readsByKey } from '#data/database.ts'
import { authored, type MessageRecord, userColumns } from '#data/rows.ts'
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

/** Fills in the authors of a page of messages read with their versions: one round trip, or none if all are cached. */
export async function withAuthors<M extends Message>(db: Db, messages: M[]): Promise<M[]> {
  if (!messages.some((message) => (message as MessageRecord)[authored])) return messages
  const known = knownOf(db)
  const missing = new Map<number, MessageRecord[]>()
  for (const message of messages as MessageRecord[]) {
    const author = message[authored]
    if (author === undefined) continue
    const found = known.get(author.id)
    if (found?.version === author.version) setAuthor(message, found.user)
    else missing.set(author.id, [...(missing.get(author.id) ?? []), message])
  }
  if (missing.size === 0) return messages
  for (const { id, version, bytes, user } of await db.all(versionsStatement, [[...missing.keys()]])) {
    if (bytes <= bytesMax) known.set(id, { version, user })
    for (const message of missing.get(id) ?? []) setAuthor(message, user)
    missing.delete(id)
  }
  // If the author no longer exists, neither does the message.
  const gone = new Set<Message>([...missing.values()].flat())
  return gone.size === 0 ? messages : messages.filter((message) => !gone.has(message))
}

function setAuthor(message: MessageRecord, user: User): void {
  ;(message as { user?: User }).user = user // only messages of users have an author
}

/** Reads users with the versions of their rows. */
export const versionsStatement = readsByKey(
  reading(
    'user-versions',
    select({
      id: column(int8, 'u.id'),
      version: column(text, 'u.xmin'),
      bytes: column(int4, 'pg_column_size(u.properties)'),
      user: userColumns('u'),
    }),
    (columns) => `select ${columns} from "user" u where u.id = any($1::bigint[])`,
  ),
)
