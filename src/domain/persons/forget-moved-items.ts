import type { Tx } from '#data/database.ts'
import type { RunningJob } from '#data/jobs/jobs.ts'
import { containing } from '#data/lists.ts'
import {
  findItemsOfPerson,
  findNamingItems,
  type ItemKey,
  type MovedRow,
  rewriteItem,
} from '#data/persons/moved-items.ts'
import { movedKeys, movedTexts } from '#data/persons/texts.ts'
import { type Redactor, rewriterOf } from '#domain/persons/redactor.ts'
import { batchMax } from '#domain/removal/in-batches.ts'
import type { Moved, MovedKind } from '#resources/moving.ts'

/**
 * Removes a person from the items of moves, a page at a time, so that what others wrote can still be written. Where the
 * key of the person at the source names them, they get another one, and so does what refers to them.
 */
export function forgettingItems(
  { applicationId, userId = 0, name, messages }: RunningJob,
  redact: Redactor,
  patterns: string[],
): (tx: Tx) => Promise<{ count: number; more: boolean }> {
  let own: ItemKey[] | undefined
  let after: ItemKey | undefined
  return async (tx) => {
    own ??= await findItemsOfPerson(tx, applicationId, { userId, name })
    const referring = own.map(({ key }) => containing(JSON.stringify(key)))
    const input = { applicationId, patterns: [...patterns, ...referring], after, limit: batchMax }
    const { rows, next } = await findNamingItems(tx, input)
    let count = 0
    for (const row of rows) {
      if (own.some((each) => row.kind === 'user' && each.source === row.source && each.key === row.key))
        continue
      const keys = keysAt(row.source, own, userId, redact)
      const left = forget(row, keys, redact, messages === 'keep')
      count += await rewriteItem(tx, applicationId, row, left)
    }
    after = next
    if (next !== undefined) return { count, more: true }
    // Last, because an erasure that is interrupted finds the references by the keys of these items.
    for (const item of own) {
      const key = keysAt(item.source, own, userId, redact).get(item.key) ?? item.key
      count += await rewriteItem(tx, applicationId, item, { key, parentKey: null, content: null, id: userId })
    }
    return { count, more: false }
  }
}

/** Returns the new key of each item of the person at a source: the same, unless it names them. */
function keysAt(source: string, own: ItemKey[], userId: number, redact: Redactor): Map<string, string> {
  const here = own.filter((each) => each.source === source)
  return new Map(
    here.map(({ key }, at) => {
      const isNamed = redact('text', key) !== key
      return [key, isNamed ? `erased-${userId}${at === 0 ? '' : `-${at}`}` : key]
    }),
  )
}

/** The ids that clients of Stream give to messages: the key of the author and a UUID. */
const withAuthor = /^(.+)(-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i

function forget(
  row: MovedRow,
  keys: Map<string, string>,
  redact: Redactor,
  keepsMessages: boolean,
): MovedRow {
  const kind = row.kind as MovedKind
  const rename = (key: string) =>
    keys.get(key) ?? key.replace(withAuthor, (_, author, id) => (keys.get(author) ?? author) + id)
  const content = row.content && withoutActs(kind, row, keys, keepsMessages)
  const texts = redact(movedTexts[kind] ?? {}, rewriterOf(rename, 0)(movedKeys[kind] ?? {}, content))
  const left = texts as MovedRow['content']
  // Names of channels are unique.
  if (kind === 'channel' && left && left.name !== content?.name) {
    left.name = `${left.name}-${redact('text', row.key)}`
  }
  return {
    ...row,
    key: rewrittenKey(row, rename),
    parentKey: row.parentKey && rename(row.parentKey),
    content: left,
  }
}

/** Channels keep their keys, which customers choose. Those of members end with the user's. */
function rewrittenKey({ kind, key }: MovedRow, rename: (key: string) => string): string {
  if (kind === 'picture' || kind === 'message' || kind === 'receipts') return rename(key)
  if (kind !== 'member' && kind !== 'invite') return key
  const at = key.lastIndexOf(' ') + 1
  return key.slice(0, at) + rename(key.slice(at))
}

/** Removes what the person did, as it is removed where it is written already; null if nothing is left. */
function withoutActs(
  kind: MovedKind,
  { key, content }: MovedRow,
  keys: ReadonlyMap<string, string>,
  keepsMessages: boolean,
): MovedRow['content'] {
  if (kind === 'picture') return keys.has(key) ? null : content
  if (kind === 'member' || kind === 'invite') {
    const { user } = content as Moved<'member'>
    return keys.has(user) ? null : content
  }
  if (kind === 'notification') {
    const { recipient } = content as Moved<'notification'>
    return keys.has(recipient) ? null : content
  }
  if (kind === 'receipts') {
    const { readers } = content as Moved<'receipts'>
    return { ...content, readers: readers.filter(({ user }) => !keys.has(user)) }
  }
  if (kind !== 'message') return content
  const message = content as Moved<'message'>
  const reactions = message.reactions
    .map((each) => ({ ...each, users: each.users.filter((user) => !keys.has(user)) }))
    .filter(({ users }) => users.length > 0)
  if (keepsMessages || !keys.has(message.user ?? '')) return { ...message, reactions }
  // Not dropped, because replies of others refer to it.
  const { file: _, groupTag: __, ...rest } = message
  return { ...rest, body: '[erased]', mentions: [], links: [], properties: {}, reactions }
}
