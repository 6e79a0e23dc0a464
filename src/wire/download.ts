// Ranges, validators and headers of file downloads (RFC 9110, RFC 6266).
import { create as contentDisposition } from 'content-disposition'
import fresh from 'fresh'
import { isScript } from '#resources/served.ts'

export interface Range {
  start: number
  /** Last byte, inclusive. */
  end: number
}

/**
 * Returns the range that a Range header requests; undefined for the whole file, which also answers multiple ranges and
 * malformed headers. [RFC 9110 14.2; the library range-parser answers `bytes=-30` of ten bytes with 416]
 */
export function readRange(header: string | undefined, size: number): Range | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return start < size ? { start, end } : 'unsatisfiable'
}

/** Returns whether the reader's copy is current. [RFC 9110 13.1.2: weak comparison] */
export function isFresh(ifNoneMatch: string | undefined, etag: string): boolean {
  return fresh({ 'if-none-match': ifNoneMatch }, { etag })
}

/** Returns whether a range still belongs to the same file. [RFC 9110 13.1.5: strong comparison; no dates are sent] */
export function isSame(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag
}

/** Types that a browser may display: none of them can run a script. */
const shown =
  /^(image\/(png|jpeg|gif|webp|avif|apng|bmp|x-icon)|audio\/[\w.+-]+|video\/[\w.+-]+|application\/pdf|text\/plain)$/

/** The name is always quoted, as in the hosted API. Readers without RFC 8187 get `_` for non-ASCII characters. */
export function disposition(contentType: string, name: string): string {
  const type = shown.test(contentType) ? 'inline' : 'attachment'
  const fallback = name.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_')
  const header = contentDisposition(name, { type, fallback })
  return header.replace(/filename=([^";]+)/, (_, token) => `filename="${token}"`)
}

/** Text is served as UTF-8. Scripts are served as text, so that no page can run one from this origin. */
export function servedType(contentType: string): string {
  if (isScript(contentType)) return 'text/plain; charset=utf-8'
  return contentType.startsWith('text/') ? `${contentType}; charset=utf-8` : contentType
}

/** Returns a policy under which a file runs and loads nothing. Browsers' PDF viewers do not work in a sandbox. */
export function contentPolicy(contentType: string): string {
  const own = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
  return contentType === 'application/pdf' ? `${own}; object-src 'self'` : `${own}; sandbox`
}
