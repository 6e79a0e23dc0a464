// The meaning of numbers in a world, and the sequences that ids are drawn from.

/** A space of ids is drawn from the sequence of one table; threads share the ids of messages. */
export const spaces = [
  'channel',
  'channel_block',
  'channel_invite',
  'chat_session',
  'file',
  'function',
  'function_invocation',
  'function_version',
  'job',
  'message',
  'message_report',
  'notification',
  'read_span',
  'runtime',
  'user',
  'user_block',
  'user_session',
  'webhook',
] as const
export type Space = (typeof spaces)[number]

/** The meaning of a number, so that it can be replaced in a copy of its row. */
export type Meaning =
  | 'application'
  /** The number of a row that exists. */
  | Space
  /** The number of a row that may be deleted by now. */
  | `once ${Space}`
  /** A position among the ids of the space: up to an id, or from an id on. */
  | `through ${Space}`
  | `from ${Space}`
  /** The number of what a counter counts for, which its scope names. */
  | 'counted'
  /** A quantity. */
  | 'plain'

/** Returns the sequence from which the ids of a space are drawn. */
export const sequenceOf = (space: Space) => (space === 'message' ? 'message_id' : `${space}_id_seq`)
