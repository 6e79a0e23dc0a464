// The head of a MESSAGE [STOMP 1.2 MESSAGE]. Its beginning is the same for a subscription, and serialized only once.
import { frameHead, headerLine } from './frames.ts'

export interface MessageHead {
  readonly destination: string
  /** The `ack` header; undefined if the client need not acknowledge the message. */
  readonly ack: string | undefined
  /** The command and all header lines. */
  readonly text: string
  readonly bytes: number
}

/** The common beginning of the heads of a subscription's messages. */
export interface HeadBeginning {
  readonly destination: string
  readonly text: string
  /** Number of bytes of the text minus its number of characters. */
  readonly more: number
}

/**
 * Returns the beginning of the heads of a subscription's messages.
 * @param subscription the id that the client gave it
 */
export function beginHead(destination: string, subscription: string): HeadBeginning {
  // Converted to bytes and back, the string is contiguous in memory instead of a tree of its parts.
  const bytes = Buffer.from(frameHead('MESSAGE', { destination, subscription }))
  const text = bytes.toString()
  return { destination, text, more: bytes.length - text.length }
}

/**
 * Returns the head of a message.
 * @param id of the message; ASCII without characters that need escaping
 * @param receipt of the action that the message answers
 */
export function endHead(
  { destination, text, more }: HeadBeginning,
  id: string,
  receipt?: string,
  ack?: string,
): MessageHead {
  const begun = `${text}message-id:${id}\n`
  if (receipt === undefined) {
    const whole = ack === undefined ? begun : `${begun}ack:${ack}\n`
    return { destination, ack, text: whole, bytes: whole.length + more }
  }
  const whole = begun + headerLine('receipt-id', receipt) + headerLine('ack', ack ?? '')
  return { destination, ack, text: whole, bytes: Buffer.byteLength(whole) }
}

/**
 * Returns the head of a single message.
 * @param headers these or the body's include `destination`, `message-id` and `subscription`; empty values are omitted
 */
export function messageHead(headers: Record<string, string>): MessageHead {
  const text = frameHead('MESSAGE', headers)
  return { destination: headers.destination ?? '', ack: headers.ack, text, bytes: Buffer.byteLength(text) }
}
