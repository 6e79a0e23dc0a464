// The signals that the processes of one installation send each other over the bus.
import { z } from 'zod'
import { Id } from '#resources/define.ts'
import { PublishedEvent } from '#resources/published-event.ts'
import { User } from '#resources/user.ts'

/** Keystrokes are never stored, so users who are absent miss nothing. */
const SentKeystrokes = z.object({
  applicationId: Id,
  channelId: Id,
  threadId: Id,
  /** Whether the thread is the channel's main thread. */
  isMain: z.boolean(),
  user: User,
  /** The complete draft so far. */
  keys: z.string(),
})
export type SentKeystrokes = z.output<typeof SentKeystrokes>

const Signal = z.discriminatedUnion('kind', [
  /** Tells the leader that there are events to take. */
  z.object({ kind: z.literal('events written') }),
  /** The leader has stopped, so any other process may take the lease. */
  z.object({ kind: z.literal('lead released') }),
  /** The leader has presented these events and delivers them to its own sessions. */
  z.object({ kind: z.literal('events published'), node: Id, events: z.array(PublishedEvent) }),
  z.object({ kind: z.literal('keystrokes sent'), keystrokes: SentKeystrokes }),
  /** A client has reconnected to another process: the process that holds its session releases it. */
  z.object({ kind: z.literal('session claimed'), key: z.string() }),
  z.object({ kind: z.literal('session released'), key: z.string() }),
  /** A test has moved the clock, which is stored in the database. */
  z.object({ kind: z.literal('clock moved'), node: Id }),
])
export type Signal = z.output<typeof Signal>

const kinds: ReadonlySet<unknown> = new Set(Signal.options.map(({ shape }) => shape.kind.value))
const OfAnyKind = z.object({ kind: z.string() })

/**
 * Parses a signal from JSON.
 * @returns undefined if its kind is only known to another version of this program
 * @throws if the text is not a signal
 */
export function readSignal(text: string): Signal | undefined {
  const value: unknown = JSON.parse(text)
  const { kind } = OfAnyKind.parse(value)
  return kinds.has(kind) ? Signal.parse(value) : undefined
}
