import { describe, expect, it } from 'vitest'
import { contentPolicy, disposition, isFresh, isSame, readRange } from '#wire/download.ts'

describe('a range', () => {
  it.for([
    ['bytes=0-4', { start: 0, end: 4 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=9-9', { start: 9, end: 9 }],
    ['bytes=2-500', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['Bytes= 0-4 ', { start: 0, end: 4 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    // An invalid range and multiple ranges get the whole file.
    [undefined, undefined],
    ['', undefined],
    ['bytes=-', undefined],
    ['bytes=4-2', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-4', undefined],
    ['bytes=a-b', undefined],
    ['bytes=0-99999999999999999999', undefined],
  ] as const)('%s of ten bytes is %o', ([header, expected]) => {
    expect(readRange(header, 10)).toEqual(expected)
  })

  it('of an empty file cannot be satisfied', () => {
    expect(readRange('bytes=0-', 0)).toBe('unsatisfiable')
    expect(readRange('bytes=-1', 0)).toBe('unsatisfiable')
  })

  it('is served only while the file matches If-Range', () => {
    expect(isSame(undefined, '"a"')).toBe(true)
    expect(isSame('"a"', '"a"')).toBe(true)
    expect(isSame('"b"', '"a"')).toBe(false)
    expect(isSame('W/"a"', '"a"')).toBe(false)
    expect(isSame('Sat, 21 Nov 2026 00:00:00 GMT', '"a"')).toBe(false)
  })
})

it('a cached copy is recognised by its ETag, among others, weak or strong', () => {
  for (const header of ['"a"', 'W/"a"', '"b", "a"', '*']) expect(isFresh(header, '"a"'), header).toBe(true)
  for (const header of [undefined, '', '"b"', 'a']) expect(isFresh(header, '"a"'), header).toBe(false)
})

describe('a disposition', () => {
  it('is inline only for types that run no script', () => {
    for (const type of [
      'image/png',
      'image/webp',
      'audio/mpeg',
      'video/mp4',
      'application/pdf',
      'text/plain',
    ]) {
      expect(disposition(type, 'a')).toBe('inline; filename="a"')
    }
    for (const type of [
      'text/html',
      'image/svg+xml',
      'application/xml',
      'application/octet-stream',
      'text/xml',
    ]) {
      expect(disposition(type, 'a')).toBe('attachment; filename="a"')
    }
  })

  it('names the file in any script, and in ASCII for old clients', () => {
    expect(disposition('image/png', 'Füße 😀.png')).toBe(
      `inline; filename="F__e __.png"; filename*=UTF-8''F%C3%BC%C3%9Fe%20%F0%9F%98%80.png`,
    )
    expect(disposition('image/png', 'a"\\b%(1).png')).toBe(
      `inline; filename="a__b_(1).png"; filename*=UTF-8''a%22%5Cb%25%281%29.png`,
    )
  })

  it('cannot be escaped by a name', () => {
    expect(disposition('image/png', 'a\r\nset-cookie: x')).toMatch(/^inline; filename="a__set-cookie: x"/)
  })
})

it('every file is served with a sandbox policy, except PDFs, whose viewers do not start in one', () => {
  expect(contentPolicy('text/html')).toMatch(/; sandbox$/)
  expect(contentPolicy('application/pdf')).not.toContain('sandbox')
  expect(contentPolicy('application/pdf')).toContain("default-src 'none'")
})
