// Coverage of the API (testing contract 5).
import type { OperationId } from './operations.ts'

/** Reports something that works but should be done differently. */
export interface CoverageWarning {
  kind: 'unknown field' | 'deprecated spelling' | 'content type' | 'never acknowledged' | 'after deletion'
  message: string
  /** How often it occurred. */
  count: number
  [detail: string]: unknown
}

export interface Coverage {
  /** By operation: how often it was requested, and how often each status was answered. */
  operations: Partial<Record<OperationId, { count: number; statuses: Record<string, number> }>>
  /** Operations that were never requested. */
  unused: OperationId[]
  /** Counts of the real-time API: actions sent, relays requested, topics subscribed to. */
  actions: Record<string, number>
  relays: Record<string, number>
  topics: Record<string, number>
  /**
   * Unknown fields, deprecated spellings, content types that the hosted API refuses, topics never acknowledged, and
   * requests after a deleted resource.
   */
  warnings: CoverageWarning[]
}
