// What was used of the API (testing contract 5).
import type { OperationId } from './operations.ts'

/** What worked and yet is better said otherwise. */
export interface CoverageWarning {
  kind: 'unknown field' | 'deprecated spelling' | 'content type' | 'never acknowledged' | 'after deletion'
  message: string
  /** How often it came. */
  count: number
  [detail: string]: unknown
}

export interface Coverage {
  /** By operation: how often it was requested, and how often each status was answered. */
  operations: Partial<Record<OperationId, { count: number; statuses: Record<string, number> }>>
  /** Operations that nobody requested. */
  unused: OperationId[]
  /** Of the real-time API, what was sent, asked and listened to, with how often. */
  actions: Record<string, number>
  relays: Record<string, number>
  topics: Record<string, number>
  /**
   * Unknown fields, deprecated spellings, content types that the hosted API refuses, topics that were never acknowledged,
   * requests after a deleted resource.
   */
  warnings: CoverageWarning[]
}
