// Helpers shared by the readers of export files.

import { findEmoji } from '#domain/messages/emoji.ts'
import { type Document, documentsIn } from '#migrate/files/documents.ts'
import type { NotCarried } from '#migrate/report.ts'
import type { ReadItem, Step } from '#migrate/source.ts'
import type { MovedKind } from '#resources/moving.ts'

export interface FileOptions {
  paths: string[]
  /** Whether to fetch and store files and pictures; otherwise they stay links. */
  copyFiles: boolean
}

/** The items that a document contains, possibly of several kinds. */
export type ReadItems = Partial<Record<MovedKind, ReadItem[]>> & { notCarried?: NotCarried[] }

/** Reports an unrecognised document, by the names of its fields. */
export function unknown(document: Document, reason: string): NotCarried {
  const fields = Object.keys(document).slice(0, 8).join(', ')
  return { kind: 'document', key: fields.slice(0, 100), reason }
}

const batch = 500

/** Returns a step that reads all files for items of some kinds; `say` is called with each document. */
export function fileStep(
  { paths }: FileOptions,
  name: string,
  kinds: MovedKind[],
  say: (document: Document) => ReadItems,
): Step {
  return {
    name,
    title: `Reading ${name}`,
    unit: 'documents',
    async read(stage) {
      const waiting = new Map<MovedKind, ReadItem[]>(kinds.map((kind) => [kind, []]))
      const flush = async (most: number) => {
        for (const [kind, items] of waiting) {
          while (items.length > most) await stage.put(kind, items.splice(0, batch))
        }
      }
      let done = 0
      for await (const document of documentsIn(paths)) {
        const said = readable(document, say, done + 1)
        for (const kind of kinds) waiting.get(kind)?.push(...(said[kind] ?? []))
        for (const { kind, key, reason } of said.notCarried ?? []) stage.notCarried(kind, key, reason)
        await flush(batch)
        stage.progress(++done)
      }
      await flush(0)
    },
  }
}

/** @throws Error for the operator, if the document has a shape that no reader expects */
function readable(document: Document, say: (document: Document) => ReadItems, number: number): ReadItems {
  try {
    return say(document)
  } catch (error) {
    const { key } = unknown(document, '')
    const { message } = error as Error
    throw new Error(
      `document ${number} of the export, with ${key}, has a shape that is not known: ${message}`,
    )
  }
}

/** Of items described in several places of an export, keeps the first description, until a better one comes. */
export class Descriptions {
  readonly #taken = new Map<string, boolean>()

  /** @param isBest whether the description is from the list of its kind, rather than from a reference to it */
  take(key: string, isBest: boolean): boolean {
    const before = this.#taken.get(key)
    if (before === true || (before === false && !isBest)) return false
    this.#taken.set(key, isBest)
    return true
  }
}

/** Orders messages whose order is known only from their times: at most 1,000 per millisecond. */
export function placesByTime(): (time: string) => number {
  let last = { ms: 0, count: 0 }
  return (time) => {
    const ms = Date.parse(time)
    last = last.ms === ms ? { ms, count: Math.min(999, last.count + 1) } : { ms, count: 0 }
    return Number.isNaN(ms) ? 0 : ms * 1_000 + last.count
  }
}

/** Returns the character of an emoji name such as `tada` or `:tada:`, or of a name specific to the service. */
export function emojiOf(name: string, own: Record<string, string> = {}): string | undefined {
  const plain = name.replace(/^:(.*):$/, (_, inner: string) => inner)
  return own[plain] ?? findEmoji(plain)?.character
}

/** Returns the fields that the service does not document, which are the customer's own. */
export function without(document: Document, fields: ReadonlySet<string>): Document {
  return Object.fromEntries(Object.entries(document).filter(([field]) => !fields.has(field)))
}

/** Returns mentions of users in a text as `@name`, each at its first occurrence. */
export function mentionsIn(text: string, users: { key: string; names: (string | undefined)[] }[]) {
  return users.flatMap(({ key, names }) => {
    for (const name of names) {
      if (!name) continue
      const tag = `@${name}`
      const startPosition = text.indexOf(tag)
      if (startPosition < 0) continue
      return [{ type: 'USER' as const, tag, startPosition, endPosition: startPosition + tag.length, key }]
    }
    return []
  })
}

/** Returns the file of a message, if its link is valid. */
export function fileOf(
  { url, name, contentType, size }: { url?: string; name?: string; contentType?: string; size?: number },
  isHosted: boolean,
) {
  if (url === undefined || !/^https?:/.test(url) || !URL.canParse(url)) return undefined
  const last = new URL(url).pathname.split('/').at(-1)
  return {
    url,
    name: name || last || 'file',
    contentType: contentType || 'application/octet-stream',
    size: Number.isSafeInteger(size) && Number(size) >= 0 ? Number(size) : 0,
    isHosted,
  }
}

/**
 * Converts a message of a service whose messages have a text and files into several messages with a common tag. The
 * first has the key, and so the replies and reactions.
 */
export function messagesOf(
  key: string,
  place: number,
  parentKey: string | undefined,
  message: Record<string, unknown> & { createdTime: string },
  { body, files }: { body: string | undefined; files: NonNullable<ReturnType<typeof fileOf>>[] },
): ReadItem[] {
  const contents = [...(body ? [{ body }] : []), ...files.map((file) => ({ file }))]
  const groupTag = contents.length > 1 ? { groupTag: key } : {}
  return contents.map((content, at) => {
    const { mentions, reactions, replies, ...shared } = message
    const first = at === 0 ? { mentions: 'body' in content ? mentions : undefined, reactions, replies } : {}
    return {
      key: at === 0 ? key : `${key} ${at}`,
      place,
      ...(parentKey !== undefined && { parentKey }),
      content: { ...shared, ...first, ...groupTag, ...content },
    }
  })
}
