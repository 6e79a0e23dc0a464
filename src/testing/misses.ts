// Says of a wait that nothing ended what came instead.
import type { JournalEntry } from './journal-types.ts'

/** What the server says of a wait in vain. */
interface Answer {
  misses?: { entry: JournalEntry; differences: string[] }[]
}

const indent = (text: string) => text.replace(/^/gm, '  ')

export function describeMisses(answer: unknown): string {
  const { misses = [] } = (answer ?? {}) as Answer
  if (misses.length === 0) return 'Nothing of that kind came.'
  const lines = misses.map(({ entry, differences }) =>
    [describeEntry(entry), ...differences.map((difference) => indent(`- ${difference}`))].join('\n'),
  )
  return `What came nearest, and what differs:\n${lines.join('\n')}`
}

const shownMax = 1_000

/** One line that tells entries apart, and what they hold. */
export function describeEntry(entry: JournalEntry): string {
  const { position, time: _, ...rest } = entry
  const text = JSON.stringify(rest)
  return indent(`#${position} ${text.length > shownMax ? `${text.slice(0, shownMax)}…` : text}`)
}
