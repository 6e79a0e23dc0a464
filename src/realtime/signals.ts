// What the processes tell each other over the bus.
import type { Typed } from '#domain/threads/typing.ts'
import type { PublishedEvent } from '#realtime/publish/delivery.ts'

export type Signal =
  | { kind: 'told'; node: number; told: PublishedEvent[] }
  | { kind: 'typed'; typed: Typed }
  | { kind: 'take over'; key: string }
  | { kind: 'released'; key: string }
  /** For the dispatcher. */
  | { kind: 'wake' | 'lead' }

/** @returns nothing where it is no signal, as of another program or of another version of this one */
export function readSignal(message: string): Signal | undefined {
  try {
    const signal: unknown = JSON.parse(message)
    return isSignal(signal) ? signal : undefined
  } catch {
    return undefined
  }
}

type Unknown<T> = { [K in keyof T]?: unknown }

function isSignal(signal: unknown): signal is Signal {
  const { kind, node, told, typed, key }: Record<string, unknown> = Object(signal)
  switch (kind) {
    case 'told':
      return Number.isSafeInteger(node) && Array.isArray(told) && told.every(isPublishedEvent)
    case 'typed':
      return isTyped(typed)
    case 'take over':
    case 'released':
      return typeof key === 'string'
    default:
      return kind === 'wake' || kind === 'lead'
  }
}

function isPublishedEvent(told: unknown): boolean {
  const { position, applicationId, deliveries }: Unknown<PublishedEvent> = Object(told)
  return (
    Number.isSafeInteger(position) &&
    Number.isSafeInteger(applicationId) &&
    Array.isArray(deliveries) &&
    deliveries.every(
      (each) =>
        typeof each?.to === 'object' && typeof each.type === 'string' && typeof each.resource === 'string',
    )
  )
}

function isTyped(typed: unknown): boolean {
  const { channelId, threadId, user, keys }: Unknown<Typed> = Object(typed)
  return (
    Number.isSafeInteger(channelId) &&
    Number.isSafeInteger(threadId) &&
    Number.isSafeInteger(Object(user).id) &&
    typeof keys === 'string'
  )
}
