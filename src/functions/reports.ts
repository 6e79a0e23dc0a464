// Validates reports: they are untrusted and bounded, because customers' code can write to the channel too.
import { z } from 'zod'
import { errorMax, logBytesMax, noteMax, type Report, resultBytesMax } from './protocol.ts'

const Id = z.number().int().nonnegative()
const ErrorReport = z.object({
  name: z.string().max(errorMax.name),
  message: z.string().max(errorMax.message),
  stack: z.string().max(errorMax.stack).optional(),
})
const Usage = z.object({ residentBytes: z.number().nonnegative(), cpuMs: z.number().nonnegative() })

const reports = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('unready'), error: ErrorReport }),
  z.object({ type: z.literal('started'), id: Id }),
  z.object({
    type: z.literal('log'),
    id: Id,
    level: z.enum(['debug', 'info', 'warn', 'error']),
    time: z.number().int().min(0).max(8.64e15), // the latest time of a Date
    text: z.string().max(logBytesMax),
  }),
  z.object({ type: z.literal('cut'), id: Id }),
  z.object({
    type: z.literal('done'),
    id: Id,
    usage: Usage,
    result: z.unknown(),
    note: z.string().max(noteMax).optional(),
  }),
  z.object({ type: z.literal('failed'), id: Id, usage: Usage, error: ErrorReport, spent: z.boolean() }),
  z.object({ type: z.literal('stale'), error: ErrorReport }),
])

/** Maximum size of a line with a result, without the result. */
const aroundResultMax = 6 * noteMax + 1_024

/** Returns undefined for anything that is not a report. */
export function readReport(line: string): Report | undefined {
  try {
    // Optional fields are absent, never undefined, because JSON has no undefined.
    const report = reports.parse(JSON.parse(line)) as Report
    const isTooLong = report.type === 'done' && Buffer.byteLength(line) > resultBytesMax + aroundResultMax
    return isTooLong ? undefined : report
  } catch {
    return undefined
  }
}
