// Describes what came instead of the expected entry.
import type { JournalEntry } from './journal-types.ts'

/** The server's answer to a wait that timed out. */
interface Answer {
  misses?: { entry: JournalEntry; differences: string[] }[]
}

const shownMax = 1_000

export function describeMisses(answer: unknown): string {
  const { misses = [] } = (answer ?? {}) as Answer
  if (misses.length === 0) return 'Nothing of that kind came.'
  const lines = misses.map(({ entry, differences }) => describeEntry(entry, differences))
  return `What came nearest, and what differs:\n${lines.join('\n')}`
}

/** Formats an entry: its position, remarks about it, and its content. */
export function describeEntry(entry: JournalEntry, remarks: string[] = []): string {
  const { position, time, kind, ...rest } = entry
  const text = JSON.stringify(rest)
  const shown = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
  return [`  #${position} ${kind} at ${time}`, ...remarks.map((remark) => `- ${remark}`), shown].join(
    '\n    ',
  )
}
