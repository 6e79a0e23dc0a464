// The published generations of the chat client, each with an unmodified package from the registry.
import type { ActName } from './acts.ts'

export interface Client {
  /** The published version. */
  name: string
  /** The name in package.json. */
  package: string
  /** The acts that its API does not support. */
  lacks: ActName[]
}

// What earlier versions lack.
const core15: ActName[] = ['takes back that it read a message']
const core13: ActName[] = [...core15, 'changes what an application added', 'hears that a message was deleted']
const v156 = core13
const v153: ActName[] = [...v156, 'deletes a channel']
const v151: ActName[] = [
  ...v153,
  'finds the channel and the message of a thread',
  'opens a thread, and writes there',
  'triggers an event, of which others hear',
]
const v150: ActName[] = [
  ...v151,
  'hears that a channel is hidden, and shown again',
  'edits a message, of which others hear once',
  'deletes a message',
]
const v149: ActName[] = [...v150, 'hears that it left, once']
const v200: ActName[] = [
  ...v149,
  'replies to a message, which others receive with it',
  'finds the channel of a message',
]
const v140: ActName[] = [...v200, 'makes a moderator', 'reacts to a message, and takes it back']
const v129: ActName[] = [...v140, 'replies to a message']
const v127: ActName[] = [...v129, 'counts what is unread']
const v110: ActName[] = [
  ...v127,
  'changes its picture',
  'blocks a user, and lets go of it',
  'counts what is unread in a channel',
  'hears that it joined, once',
  'says who is a member',
  'invites a user',
  'changes a channel, of which others hear',
  'mutes a channel',
  'hides a channel',
  'clears the history of a channel',
  'sends what an application adds',
  'sends a file that is elsewhere',
  'deletes a message for itself',
  'hears who read a message, and lists them',
  'knows what was read last',
]
const v101: ActName[] = [
  ...v110,
  'lists and counts users',
  'hears who comes and goes',
  'learns that a channel is none',
  'leaves a channel',
  'hears that a message was edited, once',
  'shows what it types',
  'hears who types elsewhere',
  'hears who comes to chat, and goes',
]
/** Removed in later versions. */
const gone: ActName[] = ['deletes a message for itself', 'finds the channel and the message of a thread']

/** One row per generation, oldest first. */
export const clients: Client[] = [
  { name: 'chatkitty 1.1.1', package: 'chatkitty-1.1', lacks: v101 },
  { name: 'chatkitty 1.10.3', package: 'chatkitty-1.10', lacks: v110 },
  { name: 'chatkitty 1.27.0', package: 'chatkitty-1.27', lacks: v127 },
  { name: 'chatkitty 1.29.1', package: 'chatkitty-1.29', lacks: v129 },
  { name: 'chatkitty 1.40.1', package: 'chatkitty-1.40', lacks: v140 },
  { name: 'chatkitty 2.0.0-alpha.5', package: 'chatkitty-2.0', lacks: v200 },
  { name: 'chatkitty 1.49.2', package: 'chatkitty-1.49', lacks: v149 },
  { name: 'chatkitty 1.50.0', package: 'chatkitty-1.50', lacks: v150 },
  { name: 'chatkitty 1.51.2', package: 'chatkitty-1.51', lacks: v151 },
  { name: 'chatkitty 1.53.7', package: 'chatkitty-1.53', lacks: v153 },
  { name: 'chatkitty 1.56.1', package: 'chatkitty-1.56', lacks: v156 },
  { name: 'chatkitty 1.58.2', package: 'chatkitty-1.58', lacks: v156 },
  { name: '@chatkitty/core 1.1.2', package: 'chatkitty-core-1.1', lacks: [...core13, ...gone] },
  { name: '@chatkitty/core 1.3.7', package: 'chatkitty-core-1.3', lacks: [...core13, ...gone] },
  { name: '@chatkitty/core 1.5.0', package: 'chatkitty-core-1.5', lacks: [...core15, ...gone] },
  { name: '@chatkitty/core 1.8.0', package: 'chatkitty-core-1.8', lacks: gone },
  { name: '@chatkitty/core 1.11.0', package: 'chatkitty-core-1.11', lacks: gone },
]
