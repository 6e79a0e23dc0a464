// What every list promises to both SDKs: pages joined are the list, whichever way a customer's loop takes.
import { beforeAll, expect, it } from 'vitest'
import type { Call, Populated } from './support.ts'

interface Page<Name extends string, Item> {
  _embedded: Record<Name, Item[]>
  _links: Record<string, Link | undefined>
  page: { next?: string }
}

type NumberedName =
  | 'listUsers'
  | 'listUserChannels'
  | 'listChannels'
  | 'listChannelMembers'
  | 'listChannelModerators'
  | 'listChannelMemberships'
type CursorName = 'listUserMessages' | 'listChannelMessages' | 'listMessages'
type Lists = Record<NumberedName, Call<Page<string, object>>> &
  Record<CursorName, Call<Page<'messages', { id: number }>>>

interface Paged {
  populated: Populated
  /** The SDK's lists; those of a user or channel bound to the first. */
  lists: Lists
}

/** Defines the tests; `counts` spells the totals of a page list. */
export function pagesThroughLists(
  open: () => Promise<Paged>,
  counts: (elements: number, pages: number) => object,
): void {
  let paged: Paged
  beforeAll(async () => {
    paged = await open()
  })

  it.each([
    ['listUsers', 'users'],
    ['listChannels', 'channels'],
    ['listUserChannels', 'channels'],
    ['listChannelMembers', 'users'],
    ['listChannelModerators', 'users'],
    ['listChannelMemberships', 'memberships'],
  ] as const)('gives all of %s in order, by number and by links', async (name, key) => {
    const list = paged.lists[name]
    const all = (await list()).data._embedded[key]
    expect(all).toHaveLength(5)

    const numbers = [0, 1, 2]
    const byNumber: Page<string, object>[] = []
    for (const number of numbers) byNumber.push((await list(number, 2)).data)
    expect(byNumber.flatMap(({ _embedded }) => _embedded[key])).toEqual(all)
    expect(byNumber.map(({ page }) => page)).toEqual(
      numbers.map((number) => ({ size: 2, number, ...counts(5, 3) })),
    )
    expect(byNumber.map(({ _links }) => Object.keys(_links))).toEqual([
      ['first', 'self', 'next', 'last'],
      ['first', 'prev', 'self', 'next', 'last'],
      ['first', 'prev', 'self', 'last'],
    ])

    expect(await follow('next', byNumber[0], (link) => list(...pageOf(link)))).toEqual(byNumber)
    expect(await follow('prev', byNumber[2], (link) => list(...pageOf(link)))).toEqual(byNumber.toReversed())
    expect((await list(3, 2)).data._embedded[key]).toEqual([])
  })

  it.each(['listChannelMessages', 'listMessages', 'listUserMessages'] as const)(
    'returns all of %s from new to old, by cursors of the metadata and of the links',
    async (name) => {
      const list = paged.lists[name]
      const ids = paged.populated.messages.map(({ id }) => String(id))

      let last = (await list(2)).data
      const pages = [last]
      while (last.page.next !== undefined) {
        last = (await list(2, undefined, Number(last.page.next), 'NEXT')).data
        pages.push(last)
      }
      expect(pages.map(({ _embedded }) => _embedded.messages.map(({ id }) => String(id)))).toEqual([
        ids.slice(0, 2),
        ids.slice(2, 4),
        ids.slice(4),
      ])
      expect(pages.map(({ page }) => page)).toEqual([
        { size: 2, total: 5, start: ids[0], next: ids[2] },
        { size: 2, total: 5, start: ids[2], next: ids[4] },
        { size: 2, total: 5, start: ids[4] },
      ])

      const open = (link?: Link) => list(...cursorOf(link))
      expect(await follow('next', pages[0], open)).toEqual(pages)
      const back = await follow('prev', pages[2], open)
      expect(back.map((page) => page?._embedded)).toEqual(
        pages.toReversed().map(({ _embedded }) => _embedded),
      )
      expect((await open(pages[1]?._links.self)).data).toEqual(pages[1])
    },
  )
}

interface Link {
  href: string
}

/** The page and all that its links of one name lead to, one after the other. */
async function follow<P extends Pick<Page<string, object>, '_links'>>(
  rel: 'next' | 'prev',
  first: P | undefined,
  open: (link: Link) => Promise<{ data: P }>,
) {
  const pages = [first]
  for (let link = first?._links[rel]; link; link = pages.at(-1)?._links[rel]) {
    pages.push((await open(link)).data)
  }
  return pages
}

/** A link's `page` and `size`, in the order of the SDKs' parameters. */
function pageOf({ href }: Link) {
  const query = new URL(href).searchParams
  return [Number(query.get('page')), Number(query.get('size'))]
}

/** A link's `size`, `start`, `next` and `relation`, in the order of the SDKs' parameters. */
function cursorOf(link?: Link) {
  const query = new URL(link?.href ?? 'no link').searchParams
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined)
  return [number('size'), number('start'), number('next'), query.get('relation')]
}
