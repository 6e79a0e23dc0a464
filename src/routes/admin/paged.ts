// Adapts lists that are paged by number to the cursors of the admin API.
import { refused } from '#errors.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/**
 * @param read returns a page of the list, in its default order unless `sort` is given
 * @throws ChatError 400 for an invalid cursor
 */
export async function partOf<E>(
  { limit, cursor }: ListRequest,
  read: (page: PageRequest) => Promise<Page<E>>,
  sort: PageRequest['sort'] = [],
): Promise<ListPart<E>> {
  const { number, size } = cursor === undefined ? { number: 0, size: limit } : readPlace(cursor)
  const { items, total } = await read({ number, size, sort })
  const isMore = (number + 1) * size < total
  return { items, ...(isMore && { next: `${number + 1}-${size}` }) }
}

const pageNumberMax = 1_000_000

function readPlace(cursor: string): Pick<PageRequest, 'number' | 'size'> {
  const [, number, size] = (/^(\d{1,7})-(\d{1,3})$/.exec(cursor) ?? []).map(Number)
  const isPlace =
    number !== undefined && number <= pageNumberMax && size !== undefined && size >= 1 && size <= 100
  if (isPlace) return { number, size }
  throw refused('list', 'cursor', 'invalid', 'cursor: must be the next of an answer before')
}

export const newestFirst: PageRequest['sort'] = [{ property: 'id', descending: true }]
