import { createHash } from 'node:crypto'
import type { Context } from '#context.ts'
import { type Move, type Staged, stageRows } from '#data/moving/items.ts'
import { type MovedKind, movedKinds } from '#resources/moving.ts'

export type { Move, Staged }

/** Something as it was read from the source. */
export interface ReadItem {
  key: string
  place: number
  parentKey?: string
  content: unknown
}

/** An item that cannot be moved, and why. */
export interface Problem {
  key: string
  reason: string
}

/**
 * Stages items of one kind to be written. Items that are unchanged since the last reading are not written again.
 * @param pass the number of this reading of the source, counted from 1
 */
export async function stageItems(
  ctx: Context,
  move: Move,
  kind: MovedKind,
  pass: number,
  items: ReadItem[],
): Promise<{ staged: Staged[]; problems: Problem[] }> {
  const { checked, problems } = checkItems(kind, items)
  if (checked.length === 0) return { staged: [], problems }
  const staged = await ctx.db.transact((tx) => stageRows(tx, move, kind, pass, checked))
  return { staged, problems }
}

/** Returns the items that are valid for their kind; if a key occurs twice, only the last one. */
export function checkItems(kind: MovedKind, items: ReadItem[]) {
  const schema = movedKinds[kind]
  const problems: Problem[] = []
  const checked = new Map<string, ReadItem & { digest: Buffer }>()
  for (const item of items) {
    const result = schema.safeParse(item.content)
    if (result.success) {
      const content = result.data
      const digest = createHash('sha256').update(JSON.stringify(content)).digest()
      checked.set(item.key, { ...item, content, digest })
    } else {
      problems.push({ key: item.key, reason: reasonOf(result.error.issues) })
    }
  }
  return { checked: [...checked.values()], problems }
}

function reasonOf(issues: { path: PropertyKey[]; message: string }[]): string {
  const [{ path = [], message = 'is wrong' } = {}] = issues
  return `${path.map(String).join('.')} ${message}`.trim().slice(0, 300)
}
