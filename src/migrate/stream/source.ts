// Reads Stream Chat's export of channels and users.
//
// https://getstream.io/chat/docs/node/exporting_channels/ says: JSON "in the same format as the regular APIs"; so a
// channel is its state in the API, `{ channel, messages, members, read }`, and a user is `{ user, … }`. Version 2 has
// "each entity" on its own line; the format of such a line is not documented. Lines `{ type, item }` are read like the
// documented file format of imports (https://getstream.io/chat/docs/node/import/), and others are reported.
import { type Document, listOf } from '#migrate/files/documents.ts'
import { linkFetcher } from '#migrate/files/fetch-linked.ts'
import {
  Descriptions,
  type FileOptions,
  fileStep,
  placesByTime,
  type ReadItems,
  unknown,
} from '#migrate/files/reading.ts'
import type { Source } from '#migrate/source.ts'
import { channelOf, itemsOfMessageList, memberOf, receiptsOf, userOf } from '#migrate/stream/documents.ts'

const limits = [
  'Users that no exported channel or user mentions, and anything of channels that were not exported.',
  'Ids: everything gets new ones. User ids are the usernames here.',
  'Roles, permissions, teams, devices, bans and mutes; pins, polls, reminders and drafts.',
  'Files stay links to Stream, unless --copy-files fetches them; such links end when one leaves.',
]

export function openStream(options: FileOptions): Source {
  const place = placesByTime()
  const described = new Descriptions()
  return {
    name: 'stream',
    isWhole: false,
    steps: [
      fileStep(options, 'users', ['user', 'picture'], (document) => {
        const isBest = document.type === 'user'
        const users = usersIn(document).filter(({ id }) => described.take(String(id), isBest))
        return {
          user: users.flatMap((user) => userOf(user).user),
          picture: users.flatMap((user) => userOf(user, options.copyFiles).picture),
          notCarried:
            kindOf(document) === undefined ? [unknown(document, 'no shape that Stream documents')] : [],
        }
      }),
      fileStep(options, 'channels', ['channel', 'member'], itemsOfChannel),
      fileStep(options, 'messages', ['message', 'receipts'], (document) =>
        itemsOfMessages(document, options, place),
      ),
    ],
    fetchFile: linkFetcher(),
    limits,
  }
}

/** Returns what a document is: a channel with all its content, a user, or a single entity. */
function kindOf(document: Document): 'state' | 'user' | 'line' | undefined {
  if (document.channel?.cid != null || (document.channel?.id && document.channel?.type)) return 'state'
  if (document.user?.id != null && document.type === undefined) return 'user'
  const lines = ['user', 'channel', 'member', 'message', 'reaction', 'device', 'future_channel_ban']
  if (!lines.includes(document.type) || !(document.item instanceof Object)) return undefined
  return document.type === 'user' && document.item.id == null ? undefined : 'line'
}

function usersIn(document: Document): Document[] {
  switch (kindOf(document)) {
    case 'state':
      return [
        document.channel.created_by,
        ...listOf(document.members).map((member) => member.user),
        ...listOf(document.messages).flatMap((message) => [
          message.user,
          ...listOf(message.mentioned_users),
          ...listOf(message.reactions ?? message.latest_reactions).map((reaction) => reaction.user),
        ]),
      ].filter((user) => user?.id != null)
    case 'user':
      return [document.user]
    case 'line':
      return document.type === 'user' ? [document.item] : []
    default:
      return []
  }
}

function itemsOfChannel(document: Document): ReadItems {
  switch (kindOf(document)) {
    case 'state': {
      const { channel } = document
      const members = listOf(document.members)
      return {
        channel: [
          channelOf(
            channel,
            members.map((member) => member.user_id ?? member.user?.id),
          ),
        ],
        member: members.flatMap((member) => memberOf(channel, member)),
      }
    }
    case 'line':
      if (document.type === 'channel') {
        return { channel: [channelOf(document.item, document.item.member_ids ?? [])] }
      }
      return document.type === 'member' ? { member: memberOf(document.item, document.item) } : {}
    default:
      return {}
  }
}

function itemsOfMessages(
  document: Document,
  { copyFiles }: FileOptions,
  place: (time: string) => number,
): ReadItems {
  switch (kindOf(document)) {
    case 'state': {
      const { channel } = document
      const messages = listOf(document.messages)
      const said = itemsOfMessageList(channel, messages, copyFiles, place)
      return { ...said, receipts: receiptsOf(channel, messages, listOf(document.read), said.message ?? []) }
    }
    case 'line':
      return document.type === 'message'
        ? itemsOfMessageList(document.item, [document.item], copyFiles, place)
        : document.type === 'reaction'
          ? {
              notCarried: [
                { kind: 'reaction', key: String(document.item.message_id), reason: 'apart from its message' },
              ],
            }
          : {}
    default:
      return {}
  }
}
