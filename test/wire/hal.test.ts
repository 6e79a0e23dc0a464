import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineResource, Properties, sameInBothSpellings, served } from '#resources/define.ts'
import { present, presentCursorPage, presentPage, type View } from '#wire/hal.ts'

const Cat = z.object({
  id: z.number(),
  nickName: z.string().optional(),
  pictureUrl: z.string().register(served, { served: true }),
  isFed: z.boolean().register(sameInBothSpellings, {}),
  toys: z.array(z.object({ boughtTime: z.string(), properties: Properties })),
  mood: z.discriminatedUnion('type', [
    z.object({ type: z.literal('GOOD'), purringLevel: z.number() }),
    z.object({ type: z.literal('BAD'), hissedAt: z.string() }),
  ]),
  properties: Properties,
})
type Cat = z.output<typeof Cat>

const cats = defineResource({
  name: 'cat',
  collection: 'cats',
  component: 'CatResource',
  shape: Cat,
  links: {
    self: (cat) => `/cats/${cat.id}`,
    toys: (cat) => (cat.toys.length === 0 ? null : `/cats/${cat.id}/toys`),
    'find:cats': () => '/cats{?page}',
    application: () => '',
  },
})

const tom: Cat = {
  id: 7,
  pictureUrl: '/v1/picture/Tom',
  isFed: true,
  toys: [{ boughtTime: 'now', properties: { a_b: 1, aB: 2 } }],
  mood: { type: 'GOOD', purringLevel: 3 },
  properties: { display_name: 1, displayName: 2 },
}
const view = (spelling: View['spelling']): View => ({
  spelling,
  origin: 'https://host',
  base: 'https://host/v1/applications/1',
})

describe('a document', () => {
  it('has the fields of its resource in camelCase, and links below the application', () => {
    const document = present(cats, tom, view('camel'))
    expect(document).toEqual({
      ...tom,
      pictureUrl: 'https://host/v1/picture/Tom',
      _links: {
        self: { href: 'https://host/v1/applications/1/cats/7' },
        toys: { href: 'https://host/v1/applications/1/cats/7/toys' },
        'find:cats': { href: 'https://host/v1/applications/1/cats{?page}', templated: true },
        application: { href: 'https://host/v1/applications/1' },
      },
    })
  })

  it('has them in snake_case, except for fixed names, relations and custom data', () => {
    const document = present(cats, tom, view('snake'))
    expect(document).toEqual({
      id: 7,
      picture_url: 'https://host/v1/picture/Tom',
      isFed: true,
      toys: [{ bought_time: 'now', properties: { a_b: 1, aB: 2 } }],
      mood: { type: 'GOOD', purring_level: 3 },
      properties: { display_name: 1, displayName: 2 },
      _links: present(cats, tom, view('camel'))._links,
    })
  })

  it('omits absent fields and links', () => {
    const text = JSON.stringify(present(cats, { ...tom, toys: [] }, view('camel')))
    expect(text).not.toContain('nickName')
    expect(JSON.parse(text)._links).not.toHaveProperty('toys')
  })

  it('does not change URLs of other servers', () => {
    const pictureUrl = 'https://elsewhere/tom.png'
    expect(present(cats, { ...tom, pictureUrl }, view('camel'))).toMatchObject({ pictureUrl })
  })

  it('contains nothing that its resource does not define', () => {
    const secret = { secret: 'x' }
    const secretive = { ...tom, ...secret, toys: tom.toys.map((toy) => ({ ...toy, ...secret })) }
    expect(present(cats, secretive, view('camel'))).toEqual(present(cats, tom, view('camel')))
  })
})

describe('a page', () => {
  const page = { items: [tom], number: 1, size: 1, total: 3 }
  const hrefs = { url: 'https://host/v1/cats', filters: [], sort: [] }

  it('by number embeds its items under their name and counts in the requested naming convention', () => {
    const camel = presentPage(cats, page, view('camel'), hrefs)
    expect(camel._embedded).toEqual({ cats: [present(cats, tom, view('camel'))] })
    expect(camel.page).toEqual({ size: 1, totalElements: 3, totalPages: 3, number: 1 })
    expect(Object.keys(camel._links)).toEqual(['first', 'prev', 'self', 'next', 'last'])
    expect(presentPage(cats, page, view('snake'), hrefs).page).toEqual({
      size: 1,
      total_elements: 3,
      total_pages: 3,
      number: 1,
    })
  })

  it('without items has an empty list, which both kinds of client can read', () => {
    const document = presentPage(cats, { ...page, items: [], number: 0, total: 0 }, view('camel'), hrefs)
    expect(document._embedded).toEqual({ cats: [] })
    expect(document.page).toMatchObject({ totalElements: 0, totalPages: 0 })
  })

  it('by cursor has its cursors as strings, and none where nothing follows', () => {
    const cursors = { items: [tom], size: 25, total: 2, start: 9, next: 7, hasPrevious: false }
    const { next: _, ...last } = cursors
    const metadata = (page: typeof last) =>
      JSON.parse(JSON.stringify(presentCursorPage(cats, page, view('camel'), hrefs).page))
    expect(metadata(cursors)).toEqual({ size: 25, total: 2, start: '9', next: '7' })
    expect(metadata(last)).toEqual({ size: 25, total: 2, start: '9' })
  })
})
