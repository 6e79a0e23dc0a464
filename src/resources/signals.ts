// What the processes of one installation signal to each other over the bus, described once.
import { z } from 'zod'
import { Id } from '#resources/define.ts'
import { PublishedEvent } from '#resources/published-event.ts'
import { User } from '#resources/user.ts'

/** What somebody is typing, which is never kept: who is not there has missed nothing. */
const SentKeystrokes = z.object({
  applicationId: Id,
  channelId: Id,
  threadId: Id,
  /** Whether that is the channel's main thread. */
  isMain: z.boolean(),
  user: User,
  /** The draft so far, whole. */
  keys: z.string(),
})
export type SentKeystrokes = z.output<typeof SentKeystrokes>

const Signal = z.discriminatedUnion('kind', [
  /** There are events to take, for the leader. */
  z.object({ kind: z.literal('events written') }),
  /** The leader has stopped: whoever can leads now. */
  z.object({ kind: z.literal('lead released') }),
  /** The leader has presented these, and delivers them to its own sessions. */
  z.object({ kind: z.literal('events published'), node: Id, events: z.array(PublishedEvent) }),
  z.object({ kind: z.literal('keystrokes sent'), keystrokes: SentKeystrokes }),
  /** A client came back elsewhere: whoever holds its session lets it go. */
  z.object({ kind: z.literal('session claimed'), key: z.string() }),
  z.object({ kind: z.literal('session released'), key: z.string() }),
  /** A test has moved the clock, which stands in the database. */
  z.object({ kind: z.literal('clock moved'), node: Id }),
])
export type Signal = z.output<typeof Signal>

const kinds: ReadonlySet<unknown> = new Set(Signal.options.map(({ shape }) => shape.kind.value))
const OfAnyKind = z.object({ kind: z.string() })

/**
 * Reads what `JSON.stringify` made of a signal.
 * @returns nothing where it is of a kind that only another version of this program knows
 * @throws where it is no signal
 */
export function readSignal(text: string): Signal | undefined {
  const value: unknown = JSON.parse(text)
  const { kind } = OfAnyKind.parse(value)
  return kinds.has(kind) ? Signal.parse(value) : undefined
}
