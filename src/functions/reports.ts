// Customers' code can write on the channel too, so what comes from there is looked at.
import { z } from 'zod'
import type { Report } from './protocol.ts'

const Id = z.number().int().nonnegative()
const ErrorReport = z.object({ name: z.string(), message: z.string(), stack: z.string().optional() })
const Usage = z.object({ residentBytes: z.number(), cpuMs: z.number() })

const reports = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('unready'), error: ErrorReport }),
  z.object({ type: z.literal('started'), id: Id }),
  z.object({
    type: z.literal('log'),
    id: Id,
    level: z.enum(['debug', 'info', 'warn', 'error']),
    time: z.number().int().min(0).max(8.64e15), // the last moment of a Date
    text: z.string(),
  }),
  z.object({ type: z.literal('done'), id: Id, usage: Usage, result: z.unknown() }),
  z.object({
    type: z.literal('failed'),
    id: Id,
    usage: Usage,
    error: ErrorReport,
    reason: z.enum(['threw', 'output', 'runtime']),
    spent: z.boolean(),
  }),
  z.object({ type: z.literal('stale'), error: ErrorReport }),
])

/** Undefined for what is no report. */
export function readReport(line: string): Report | undefined {
  try {
    // Its optional fields are absent, not undefined, as JSON has no undefined.
    return reports.parse(JSON.parse(line)) as Report
  } catch {
    return undefined
  }
}
