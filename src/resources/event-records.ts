// Events as they are written, and as they are read again.
import type { EventPayload } from '#resources/event-description.ts'
import type { EventType } from '#resources/events.ts'

export interface EventDraft {
  type: EventType
  applicationId: number
  channelId?: number
  threadId?: number
  /** What it adds to its counters; negative where it removes. */
  count?: number
  payload?: EventPayload
}

/** A committed event. */
export interface CommittedEvent {
  type: EventType
  applicationId: number
  channelId: number | null
  threadId: number | null
  payload: EventPayload
  /** Its offset: its place in the order in which events are published. */
  position: number
  /** When it was written, in milliseconds by the clock of whoever took it; absent where it is read from the log. */
  writtenAt?: number
}
