// What numbers in a world mean, and what gives them.

/** What numbers of one kind are given by: the sequence of a table; threads are numbered with messages. */
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

/** What a number is, so that a copy of its row can be given other ones. */
export type Meaning =
  | 'application'
  /** The number of a row that exists. */
  | Space
  /** The number of a row that may be deleted by now. */
  | `once ${Space}`
  /** A position among those of the space: through that, or from that on. */
  | `through ${Space}`
  | `from ${Space}`
  /** The number of what a counter counts for, which its scope names. */
  | 'counted'
  /** A quantity. */
  | 'plain'

/** The sequence that gives the numbers of a space. */
export const sequenceOf = (space: Space) => (space === 'message' ? 'message_id' : `${space}_id_seq`)
