import { describe, expect, it } from 'vitest'
import {
  cursorLinks,
  pageLinks,
  readCursorRequest,
  readPageRequest,
  readRelayPageRequest,
} from '#wire/paging.ts'

describe('page, size and sort', () => {
  it.each([
    [{}, 0, 25],
    [{ page: '3', size: '10' }, 3, 10],
    [{ size: '0' }, 0, 25],
    [{ size: '-1' }, 0, 25],
    [{ size: '101' }, 0, 100],
    [{ size: '9'.repeat(400) }, 0, 100],
    [{ size: 'many', page: 'first' }, 0, 25],
    [{ size: '', page: '' }, 0, 25],
    [{ size: '2.5', page: '1e3' }, 0, 25],
    [{ page: '-1' }, 0, 25],
    [{ page: '9'.repeat(30) }, 2 ** 31, 25],
    [{ page: ['2', '7'], size: ['3', '8'] }, 2, 3],
  ])('%j are clamped, never refused', (query, number, size) => {
    expect(readPageRequest(query)).toEqual({ number, size, sort: [] })
  })

  it.each<[string | string[], [property: string, direction: 'asc' | 'desc'][]]>([
    ['name', [['name', 'asc']]],
    ['name,desc', [['name', 'desc']]],
    ['name,DESC', [['name', 'desc']]],
    ['created_time,asc', [['createdTime', 'asc']]],
    [
      ['name,desc', 'id'],
      [
        ['name', 'desc'],
        ['id', 'asc'],
      ],
    ],
    [
      'name,id,desc',
      [
        ['name', 'desc'],
        ['id', 'desc'],
      ],
    ],
    [
      'createdTime,desc,name',
      [
        ['createdTime', 'desc'],
        ['name', 'asc'],
      ],
    ],
    [
      'createdTime,desc,name,asc,id,desc',
      [
        ['createdTime', 'desc'],
        ['name', 'asc'],
        ['id', 'desc'],
      ],
    ],
    [' name , desc ', [['name', 'desc']]],
    [[''], []],
  ])('sort %j is read as %j', (sort, expected) => {
    expect(readPageRequest({ sort }).sort).toEqual(
      expected.map(([property, direction]) => ({ property, descending: direction === 'desc' })),
    )
  })

  it.each(['asc', ',', 'desc,'])('a sort %j that names no property is refused', (sort) => {
    expect(() => readPageRequest({ sort })).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ field: 'sort', code: 'invalid' })] }),
    )
  })

  it.each(['asc', ',', 'desc,'])('a sort %j of a relay, that names no property, is ignored', (sort) => {
    expect(readRelayPageRequest({ sort }).sort).toEqual([])
  })
})

describe('start, next and relation', () => {
  it.each([
    [{}, { size: 25, relation: 'SELF' }],
    [
      { size: '5', start: '7' },
      { size: 5, relation: 'SELF', start: 7 },
    ],
    [{ next: '7' }, { size: 25, relation: 'NEXT', next: 7 }],
    [
      { start: '9', next: '7', relation: 'PREVIOUS' },
      { size: 25, relation: 'PREVIOUS', start: 9, next: 7 },
    ],
    [
      { start: '9', next: '7', relation: 'SELF' },
      { size: 25, relation: 'SELF', start: 9, next: 7 },
    ],
    [
      { start: '', next: '', relation: '' },
      { size: 25, relation: 'SELF' },
    ],
  ])('%j', (query, request) => {
    expect(readCursorRequest(query)).toEqual(request)
  })

  it.each([
    [{ start: 'abc' }, 'start'],
    [{ start: '-1' }, 'start'],
    [{ next: '1.5' }, 'next'],
    [{ next: '9007199254740993' }, 'next'],
    [{ relation: 'next' }, 'relation'],
    [{ relation: 'FIRST' }, 'relation'],
  ])('%j is refused, as it is no valid position', (query, field) => {
    expect(() => readCursorRequest(query)).toThrow(
      expect.objectContaining({
        kind: 'ClientError',
        problems: [expect.objectContaining({ field, code: 'invalid' })],
      }),
    )
  })
})

describe('links between pages by number', () => {
  const hrefs = {
    url: 'https://host/v1/jobs',
    filters: [['running', 'false']] as [string, string][],
    sort: [],
  }
  const linksOf = (number: number, total: number, sort: string[] = []) =>
    pageLinks({ items: [], number, size: 10, total }, Math.ceil(total / 10), { ...hrefs, sort })
  const at = (page: number) => ({ href: `https://host/v1/jobs?running=false&page=${page}&size=10` })

  it.each([
    ['an empty list', 0, 0, ['self']],
    ['a single page', 0, 10, ['self']],
    ['the first of three', 0, 25, ['first', 'self', 'next', 'last']],
    ['the second of three', 1, 25, ['first', 'prev', 'self', 'next', 'last']],
    ['the last of three', 2, 25, ['first', 'prev', 'self', 'last']],
    ['a page past the end', 7, 25, ['first', 'prev', 'self', 'last']],
    ['a page past the only one', 7, 5, ['prev', 'self']],
    ['a page past an empty list', 7, 0, ['self']],
  ])('of %s, in the documented order', (_what, number, total, names) => {
    expect(Object.keys(linksOf(number, total))).toEqual(names)
  })

  it('keep the filters first, then page and size', () => {
    expect(linksOf(1, 25)).toEqual({ first: at(0), prev: at(0), self: at(1), next: at(2), last: at(2) })
  })

  it('lead back from past the end to the last page', () => {
    expect(linksOf(7, 25).prev).toEqual(at(2))
  })

  it('keep every sort', () => {
    expect(linksOf(0, 5, ['name,desc', 'id']).self).toEqual({
      href: `${at(0).href}&sort=name%2Cdesc&sort=id`,
    })
  })
})

describe('links between pages by cursor', () => {
  const url = 'https://host/v1/messages'
  const page = { items: [], size: 5, start: 90, next: 80, hasPrevious: true }

  it('keep filters and both cursors, and differ in the relation', () => {
    const at = (relation: string) => ({
      href: `${url}?username=jane+doe&start=90&next=80&size=5&relation=${relation}`,
    })
    expect(cursorLinks(page, { url, filters: [['username', 'jane doe']] })).toEqual({
      self: at('SELF'),
      prev: at('PREVIOUS'),
      next: at('NEXT'),
    })
  })

  it('are omitted where there is no such page', () => {
    const { next: _, ...last } = page
    expect(cursorLinks({ ...last, hasPrevious: false }, { url, filters: [] })).toEqual({
      self: { href: `${url}?start=90&size=5&relation=SELF` },
    })
  })

  it('are parsed as the requests they stand for', () => {
    const links = cursorLinks(page, { url, filters: [] })
    const requests = Object.values(links).map(({ href }) =>
      readCursorRequest(Object.fromEntries(new URL(href).searchParams)),
    )
    expect(requests.map(({ relation, start, next, size }) => [relation, start, next, size])).toEqual([
      ['SELF', 90, 80, 5],
      ['PREVIOUS', 90, 80, 5],
      ['NEXT', 90, 80, 5],
    ])
  })
})
