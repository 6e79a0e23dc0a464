// The head of a MESSAGE [STOMP 1.2 MESSAGE]. What a subscription is sent always begins alike, which is written once.
import { frameHead, headerLine } from './frames.ts'

export interface MessageHead {
  readonly destination: string
  /** Where the client has to acknowledge it. */
  readonly ack: string | undefined
  /** The command and all lines. */
  readonly text: string
  readonly bytes: number
}

/** What the heads of a subscription's messages have in common. */
export interface HeadBeginning {
  readonly destination: string
  readonly text: string
  /** Bytes of the text that are more than its characters. */
  readonly more: number
}

export function beginHead(destination: string, subscription: string): HeadBeginning {
  // As bytes and back it is one piece of memory, and not the parts that it was put together of.
  const bytes = Buffer.from(frameHead('MESSAGE', { destination, subscription }))
  const text = bytes.toString()
  return { destination, text, more: bytes.length - text.length }
}

/**
 * @param id of the message; in ASCII, and without anything that needs escaping
 * @param receipt of the action that it answers
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
 * The head of a single message.
 * @param headers `destination`, `message-id` and `subscription` must be among these or the body's; empty values are left out
 */
export function messageHead(headers: Record<string, string>): MessageHead {
  const text = frameHead('MESSAGE', headers)
  return { destination: headers.destination ?? '', ack: headers.ack, text, bytes: Buffer.byteLength(text) }
}
