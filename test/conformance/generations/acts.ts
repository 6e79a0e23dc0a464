// Everything that clients of all generations are put through.
import type { Act } from './act.ts'
import { actsOfChannels } from './acts-of-channels.ts'
import { actsOfChats } from './acts-of-chats.ts'
import { actsOfMessages } from './acts-of-messages.ts'
import { actsOfUsers } from './acts-of-users.ts'

const all = { ...actsOfUsers, ...actsOfChannels, ...actsOfChats, ...actsOfMessages }

export type ActName = keyof typeof all
export const acts = Object.entries(all) as [ActName, Act][]
