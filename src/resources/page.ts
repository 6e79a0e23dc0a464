// The two ways to read a long list: by page number and by cursor.
import { z } from 'zod'
import { Amount } from '#resources/define.ts'

export const pageSizeDefault = 25
export const pageSizeMax = 100

/** One `sort` criterion: a camelCase property of the entity and its direction. */
export interface Sort {
  property: string
  descending: boolean
}

/** Requests a page by number. */
export interface PageRequest {
  number: number
  size: number
  sort: Sort[]
}

/** A page by number; `total` is the size of the whole list. */
export interface Page<E> {
  items: E[]
  number: number
  size: number
  total: number
}

export type Relation = 'SELF' | 'PREVIOUS' | 'NEXT'

/** Requests a page by cursor. Cursors are ids, and lists run from newest to oldest. */
export interface CursorRequest {
  size: number
  relation: Relation
  /** First item of the page that SELF reads again and that PREVIOUS reads up to. */
  start?: number
  /** First item of the page that NEXT reads. */
  next?: number
}

export interface CursorPage<E> {
  items: E[]
  size: number
  /** Size of the whole list; absent if counting would cost more than reading the page. */
  total?: number
  start?: number
  next?: number
  hasPrevious: boolean
}

export const PageMetadata = z
  .object({
    size: Amount.describe('Maximum number of items per page'),
    totalElements: Amount.describe('Number of items in the whole list'),
    totalPages: Amount,
    number: Amount.describe('Number of this page. The first page is 0'),
  })
  .meta({ id: 'PageMetadata' })

export const CursorPageMetadata = z
  .object({
    size: Amount.describe('Maximum number of items per page'),
    total: Amount.optional().describe(
      'Number of items in the whole list. Absent if counting would be too expensive',
    ),
    start: z.string().optional().describe('Cursor of the first item'),
    next: z.string().optional().describe('Cursor of the next page. Absent on the last page'),
  })
  .meta({ id: 'CursorPageMetadata' })
