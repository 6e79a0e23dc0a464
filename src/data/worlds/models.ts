// What a world consists of, by table: how its rows are found, and what their numbers mean. A table or number that is
// not described here causes a compile error.

import type { Prisma } from '#data/generated/client.ts'
import { isKept, isKeptThread } from '#data/removal/kept-messages.ts'
import { isThere } from '#data/removal/removed-channels.ts'
import {
  channels,
  counterOf,
  counters,
  functions,
  ofApplication,
  ofApplicationOnce,
  ofKeptMessage,
  users,
} from '#data/worlds/rows-of.ts'
import type { Meaning } from '#data/worlds/spaces.ts'

export type Model = Prisma.ModelName
type Scalars<M extends Model> = Prisma.TypeMap['model'][M]['payload']['scalars']

/** A table whose rows snapshots contain. */
export interface Kept {
  /** SQL: whether the row `t` belongs to the application $1. */
  of: string
  /** SQL: which of these rows are in their final state and are kept. */
  when?: string
  /** SQL: what snapshots read as `t` instead of the table. */
  source?: string
  /** SQL for columns that snapshots store with another value, because the present one is transient. */
  taken?: Record<string, string>
  /** The primary key. */
  key: string[]
  numbers: Record<string, Meaning>
  /** Rows may outlive the row they are found by, and still exist when it is restored: they are then overwritten. */
  isLingering?: true
  /** Columns of UUIDs that must be unique across all applications. */
  unique?: string[]
}

/** A table whose rows are only deleted. */
export interface DeletedTable {
  of: string
  /** Rows that are locked are skipped: the holder may be waiting for rows of the world, and has no effect then. */
  isWorkedOn?: true
}

type KeptOf<M extends Model> = Omit<Kept, 'key' | 'numbers' | 'taken' | 'unique'> & {
  key: (keyof Scalars<M> & string)[]
  numbers: { [K in keyof Scalars<M> as bigint extends Scalars<M>[K] ? K : never]-?: Meaning }
  taken?: { [K in keyof Scalars<M>]?: string }
  unique?: (keyof Scalars<M> & string)[]
}

/** `null` for tables without rows of worlds, or deleted with the application; the event log expires by itself. */
export const models = {
  Application: null,
  Credential: null,
  AccessToken: null,
  EncryptionKey: null,
  Lease: null,
  EventLog: null,
  World: null,
  Snapshot: null,
  Operator: null,
  OperatorSession: null,
  SignInAttempt: null,
  AdminKey: null,
  AuditEntry: null,
  StatisticsDue: null,

  StatisticsBucket: { of: ofApplication },
  RequestHour: { of: ofApplication },
  LiveWatch: { of: ofApplication },
  MovedItem: { of: ofApplication },
  OutboxEvent: { of: ofApplication },
  MessageBlock: { of: `t.channel_id = any${channels}` },
  LargeMessageBlock: { of: `t.channel_id = any${channels}` },
  WebhookDelivery: {
    of: `t.webhook_id = any(array(select w.id from webhook w where w.application_id = $1))`,
  },
  FunctionRun: { of: ofApplication, isWorkedOn: true },
  NotificationTask: {
    of: 'exists (select from message m where m.id = t.message_id and m.application_id = $1)',
    isWorkedOn: true,
  },

  File: {
    of: ofApplication,
    when: 't.expires_time is null',
    key: ['id'],
    numbers: { id: 'file', applicationId: 'application', size: 'plain' },
    unique: ['key'],
  },
  User: {
    of: ofApplication,
    taken: {
      presenceOnline: 'false',
      presenceStatus: `case when t.presence_online and t.presence_status = 'AVAILABLE' then 'UNAVAILABLE' else t.presence_status end`,
    },
    key: ['id'],
    numbers: { id: 'user', applicationId: 'application', pictureFileId: 'file' },
  },
  UserBan: {
    of: ofApplication,
    key: ['userId'],
    numbers: { userId: 'user', applicationId: 'application' },
  },
  UserSecret: { of: `t.user_id = any${users}`, key: ['userId', 'name'], numbers: { userId: 'user' } },
  UserBlock: {
    of: `t.blocker_id = any${users}`,
    key: ['id'],
    numbers: { id: 'user_block', blockerId: 'user', blockedId: 'user' },
  },
  Channel: {
    of: ofApplicationOnce,
    when: 't.application_id is not null',
    key: ['id'],
    numbers: {
      id: 'channel',
      applicationId: 'application',
      removedFrom: 'plain',
      creatorId: 'user',
      removedThroughId: 'through message',
      filesRemovedThroughId: 'through message',
    },
  },
  ChannelActivity: {
    of: ofApplication,
    key: ['channelId'],
    numbers: { channelId: 'channel', applicationId: 'application', lastId: 'through message' },
  },
  ChannelMembership: {
    of: `t.user_id = any${users}`,
    when: isThere('t.channel_id'),
    key: ['channelId', 'userId'],
    numbers: {
      channelId: 'channel',
      userId: 'user',
      joinedThroughId: 'through message',
      clearedThroughId: 'through message',
      readThroughId: 'through message',
    },
  },
  ChannelInvite: {
    of: `t.invitee_id = any${users}`,
    when: isThere('t.channel_id'),
    key: ['id'],
    numbers: { id: 'channel_invite', channelId: 'channel', inviteeId: 'user', inviterId: 'user' },
  },
  ChannelBlock: {
    of: `t.user_id = any${users}`,
    when: isThere('t.channel_id'),
    key: ['id'],
    numbers: { id: 'channel_block', channelId: 'channel', userId: 'user' },
  },
  Thread: {
    of: `t.channel_id = any${channels}`,
    when: isKeptThread,
    key: ['id'],
    numbers: { id: 'message', applicationId: 'application', channelId: 'channel' },
  },
  Message: {
    of: ofApplication,
    when: isKept('t'),
    key: ['id'],
    numbers: {
      id: 'message',
      applicationId: 'application',
      channelId: 'channel',
      threadId: 'message',
      parentId: 'once message',
      userId: 'user',
    },
  },
  Reaction: {
    of: `t.user_id = any${users}`,
    when: ofKeptMessage,
    key: ['messageId', 'emoji', 'userId'],
    numbers: { messageId: 'message', userId: 'user' },
  },
  HiddenMessage: {
    of: `t.user_id = any${users}`,
    when: ofKeptMessage,
    key: ['userId', 'messageId'],
    numbers: { userId: 'user', messageId: 'message' },
  },
  ReadSpan: {
    of: `t.user_id = any${users}`,
    when: isThere('t.channel_id'),
    key: ['id'],
    numbers: {
      id: 'read_span',
      channelId: 'channel',
      userId: 'user',
      fromId: 'from message',
      throughId: 'through message',
    },
  },
  MessageReport: {
    of: `t.user_id = any${users}`,
    when: ofKeptMessage,
    key: ['id'],
    numbers: { id: 'message_report', messageId: 'message', userId: 'user' },
  },
  ResolvedReport: {
    of: ofApplication,
    key: ['id'],
    numbers: {
      id: 'message_report',
      applicationId: 'application',
      channelId: 'once channel',
      messageId: 'once message',
      authorId: 'once user',
      userId: 'once user',
    },
  },
  Notification: {
    of: `t.recipient_id = any${users}`,
    when: ofKeptMessage,
    key: ['id'],
    numbers: { id: 'notification', recipientId: 'user', messageId: 'message', mentionedChannelId: 'channel' },
  },
  UserSession: {
    of: ofApplication,
    taken: {
      state: `'ENDED'`,
      endTime: 'coalesce(t.end_time, chatterie_clock())::timestamptz(3)',
      detachedTime: 'null',
      topics: 'null',
    },
    key: ['id'],
    numbers: {
      id: 'user_session',
      applicationId: 'application',
      userId: 'user',
      node: 'plain',
      ackedPosition: 'plain',
    },
    unique: ['key'],
  },
  ChatSession: {
    of: `t.channel_id = any${channels}`,
    when: isThere('t.channel_id'),
    taken: { state: `'ENDED'`, endTime: 'coalesce(t.end_time, chatterie_clock())::timestamptz(3)' },
    key: ['id'],
    numbers: { id: 'chat_session', sessionId: 'user_session', channelId: 'channel' },
  },
  Job: {
    of: ofApplication,
    when: `t.state in ('FINISHED', 'FAILED')`,
    key: ['id'],
    numbers: {
      id: 'job',
      applicationId: 'application',
      fileId: 'once file',
      processed: 'plain',
      failed: 'plain',
      total: 'plain',
    },
  },
  IdempotencyKey: {
    of: ofApplication,
    key: ['applicationId', 'kind', 'key'],
    numbers: { applicationId: 'application' },
  },
  Runtime: { of: ofApplication, key: ['id'], numbers: { id: 'runtime', applicationId: 'application' } },
  Function: {
    of: ofApplication,
    key: ['id'],
    numbers: { id: 'function', applicationId: 'application', runtimeId: 'runtime' },
  },
  FunctionVersion: {
    of: `t.function_id = any${functions}`,
    key: ['id'],
    numbers: { id: 'function_version', functionId: 'function' },
  },
  FunctionInvocation: {
    of: `t.function_id = any${functions}`,
    when: `t.status <> 'RUNNING'`,
    key: ['id'],
    numbers: { id: 'function_invocation', functionId: 'function', node: 'plain' },
  },
  Webhook: {
    of: ofApplication,
    taken: { previousSecret: 'null', previousUntil: 'null', failingSince: 'null' },
    key: ['id'],
    numbers: { id: 'webhook', applicationId: 'application' },
  },
  Counter: {
    of: counterOf,
    source: counters,
    isLingering: true,
    key: ['scope', 'scopeId'],
    numbers: { scopeId: 'counted', value: 'plain' },
  },
} satisfies { [M in Model]: KeptOf<M> | DeletedTable | null }
