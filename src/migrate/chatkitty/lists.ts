// Reads lists of the Platform API, page by page.
import { type ChatKittyApi, Refusal } from '#migrate/chatkitty/api.ts'

const size = 100

interface PageDocument {
  _embedded?: Record<string, unknown[]>
  _links?: Record<string, { href: string }>
  page?: { totalElements?: number; totalPages?: number; total?: number }
}

export interface PageOf<T> {
  items: T[]
  total: number | undefined
}

/** Yields the pages of a list, starting at a page number. */
export async function* pages<T>(
  api: ChatKittyApi,
  path: string,
  collection: string,
  { from = 0, sort }: { from?: number; sort?: string } = {},
): AsyncGenerator<PageOf<T> & { number: number }> {
  let order = sort === undefined ? '' : `&sort=${sort}`
  for (let number = from; ; number++) {
    const ask = () => api.get<PageDocument>(`${path}?page=${number}&size=${size}${order}`)
    const document = await ask().catch((error) => {
      // The possible orders are not documented; if this one is refused, the default order is used.
      if (!(error instanceof Refusal && error.status === 400 && order !== '' && number === from)) throw error
      order = ''
      return ask()
    })
    const items = (document._embedded?.[collection] ?? []) as T[]
    yield { items, number, total: document.page?.totalElements }
    if (items.length === 0 || number + 1 >= (document.page?.totalPages ?? 1)) return
  }
}

/** Returns all items of a short list. */
export async function all<T>(api: ChatKittyApi, path: string, collection: string): Promise<T[]> {
  const found: T[] = []
  for await (const { items } of pages<T>(api, path, collection)) found.push(...items)
  return found
}

/** Yields the pages of a cursor-based list, newest first; `next` is the query of the following page. */
export async function* cursorPages<T>(
  api: ChatKittyApi,
  path: string,
  collection: string,
  from = `?size=${size}`,
): AsyncGenerator<PageOf<T> & { next: string | undefined }> {
  for (let query: string | undefined = from; query !== undefined; ) {
    const document: PageDocument = await api.get<PageDocument>(`${path}${query}`)
    const href = document._links?.next?.href
    const next = href === undefined ? undefined : new URL(href, 'http://source').search
    yield { items: (document._embedded?.[collection] ?? []) as T[], total: document.page?.total, next }
    query = next === query ? undefined : next
  }
}

/** Calls `work` for each item, several concurrently. */
export async function forEach<T>(
  items: T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
}
