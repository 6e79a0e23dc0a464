// Resources as the official client receives them: their fields, and exactly the addresses that it may use.
import type { Channel } from '@chatkitty/core'
import { expect } from 'vitest'
import { aTime } from './support.ts'

/** The fields of one resource that depend on the test. */
type Fields = Record<string, unknown>

const anAddress = expect.stringMatching(/^\/(application|topic)\/\S+$/)
const aStream = expect.stringMatching(/^(http:\/\/[^/]+)?\/v1\/runtime\/\S+$/)
const addresses = (names: string[]) => Object.fromEntries(names.map((name) => [name, anAddress]))
const streams = (names: string[]) => Object.fromEntries(names.map((name) => [name, aStream]))

const aPresence = { status: expect.any(String), online: expect.any(Boolean) }

const userFields = {
  id: expect.any(Number),
  type: 'PERSON',
  displayName: expect.any(String),
  displayPictureUrl: expect.stringMatching(/^https?:\/\//),
  isGuest: expect.any(Boolean),
  presence: aPresence,
  callStatus: 'AVAILABLE',
  properties: expect.any(Object),
}

/** All fields of a user as others see them. */
export function aUser(name: string, fields: Fields = {}) {
  return {
    ...userFields,
    name,
    ...fields,
    _relays: addresses(['self', 'channelMember']),
    _actions: addresses(['block', 'delete']),
  }
}

/** All fields of a user as they see themselves. */
export function aCurrentUser(name: string, fields: Fields = {}) {
  return {
    ...userFields,
    name,
    ...fields,
    _relays: addresses([
      'self',
      'writeFileAccessGrant',
      'readFileAccessGrant',
      'channels',
      'joinableChannels',
      'unreadChannels',
      'channelsCount',
      'unreadChannelsCount',
      'unreadMessagesCount',
      'messages',
      'contacts',
      'contactsCount',
      'userBlockListItems',
      'userBlockedRecords',
    ]),
    _topics: addresses([
      'self',
      'elements',
      'features',
      'styles',
      'channels',
      'messages',
      'readReceipts',
      'notifications',
      'contacts',
      'participants',
      'users',
      'reactions',
      'threads',
      'calls',
    ]),
    _actions: addresses(['update', 'updateDisplayPicture', 'createChannel', 'delete']),
    _streams: streams(['displayPicture']),
  }
}

const channelActions = [
  'message',
  'keystrokes',
  'read',
  'mute',
  'triggerEvent',
  'update',
  'delete',
  'clearHistory',
  'hide',
  'createThread',
  'block',
  'call',
]
const groupActions = ['addModerator', 'deleteModerator']

/** The addresses of a channel; `join`, `leave` and `invite` depend on the user. */
export function aChannel(
  fields: Fields & { type: Channel['type'] },
  standing: 'member' | 'outsider' | 'blocked' = 'member',
) {
  const mayConnect = fields.type === 'PUBLIC' && standing === 'outsider' ? ['join'] : []
  const mayLeave = fields.type !== 'DIRECT' && standing === 'member' ? ['leave', 'invite'] : []
  const ofGroup = fields.type === 'DIRECT' ? [] : groupActions
  return {
    ...channelFields(fields),
    _relays: addresses([
      'self',
      'context',
      'messages',
      'messagesCount',
      'lastReceivedMessage',
      'lastReadMessage',
      'unread',
      'members',
      'moderators',
      'blockRecords',
      'threads',
      'calls',
    ]),
    _topics: addresses([
      'self',
      'messages',
      'keystrokes',
      'typing',
      'participants',
      'readReceipts',
      'reactions',
      'events',
      'members',
      'blockRecords',
      'moderators',
    ]),
    _actions: addresses([...channelActions, ...ofGroup, ...mayConnect, ...mayLeave]),
    _streams: streams(['messages']),
  }
}

function channelFields(fields: Fields) {
  return {
    id: expect.any(Number),
    name: expect.any(String),
    ...(fields.type !== 'DIRECT' && { displayName: expect.any(String) }),
    properties: {},
    createdTime: aTime,
    ...fields,
  }
}

const messageFields = {
  id: expect.any(Number),
  channelId: expect.any(Number),
  nestedLevel: 0,
  properties: {},
  createdTime: aTime,
}
const messageRelays = [
  'self',
  'channel',
  'readReceipts',
  'repliesCount',
  'replies',
  'reactions',
  'reportCount',
  'reports',
]
const messageActions = [
  'read',
  'unread',
  'reply',
  'deleteForMe',
  'delete',
  'react',
  'edit',
  'report',
  'removeReport',
  'removeReaction',
  'updateProperties',
]

/** All fields of a message except optional ones: reactions, counts, mentions. */
export function aMessage(fields: Fields & { nestedLevel?: number }) {
  const isReply = (fields.nestedLevel ?? 0) > 0
  const isText = fields.file === undefined
  return {
    ...messageFields,
    ...(isText && { links: [], mentions: [] }),
    ...fields,
    _relays: addresses([...messageRelays, ...(isReply ? ['parent'] : [])]),
    _actions: addresses(messageActions),
    _streams: streams(['replies']),
  }
}

export function aThread(fields: Fields) {
  return {
    id: expect.any(Number),
    properties: {},
    createdTime: aTime,
    ...fields,
    _relays: addresses(['self', 'channel', 'message']),
    _topics: addresses(['self', 'messages', 'keystrokes', 'typing']),
    _actions: addresses(['message', 'keystrokes', 'read']),
    _streams: streams(['messages']),
  }
}

/** A reaction or a read receipt. */
export function ofAMessage(fields: Fields) {
  return { createdTime: aTime, ...fields, _relays: addresses(['message']) }
}

export function anEvent(fields: Fields) {
  return { ...fields, _relays: addresses(['channel']) }
}

export function keystrokes(fields: Fields) {
  return { ...fields, _relays: addresses(['thread', 'user']) }
}

/** A block, by a user or in a channel. */
export function aBlockRecord(fields: Fields) {
  return { createdTime: aTime, ...fields, _actions: addresses(['delete']) }
}
