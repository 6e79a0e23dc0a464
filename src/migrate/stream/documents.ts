// Documents of Stream Chat's API, and their conversion. Fields: the API's response types, as in its own clients
// (UserResponse, ChannelResponse, ChannelMember, MessageResponse, ReactionResponse, Attachment, ReadResponse).
import { type Document, listOf } from '#migrate/files/documents.ts'
import { emojiOf, fileOf, mentionsIn, messagesOf, type ReadItems, without } from '#migrate/files/reading.ts'
import type { NotCarried } from '#migrate/report.ts'
import type { ReadItem } from '#migrate/source.ts'

const ofUser = new Set(
  'id name image role teams created_at updated_at deleted_at deactivated_at last_active last_engaged_at banned online invisible language shadow_banned push_notifications privacy_settings channel_mutes user_mutes teams_role blocked_user_ids ban_expires revoke_tokens_issued_before'.split(
    ' ',
  ),
)
const ofChannel = new Set(
  'id type cid name image created_by created_at updated_at deleted_at last_message_at frozen disabled hidden muted member_count member_ids members config own_capabilities team truncated_at truncated_by auto_translation_enabled auto_translation_language cooldown invites message_count'.split(
    ' ',
  ),
)
const ofMessage = new Set(
  'id text html type user user_id cid channel_id channel_type channel_member_ids parent_id quoted_message quoted_message_id show_in_channel attachments latest_reactions own_reactions reactions reaction_counts reaction_scores reaction_groups reply_count deleted_reply_count thread_participants mentioned_users mentioned_users_ids created_at updated_at deleted_at message_text_updated_at shadowed silent pinned pinned_at pinned_by pin_expires i18n command args poll poll_id restricted_visibility moderation moderation_details mml before_message_send_failed'.split(
    ' ',
  ),
)

/** The reaction types that Stream's own components offer, and the emoji that they show. */
const reactions: Record<string, string> = {
  like: '👍',
  love: '❤️',
  haha: '😂',
  wow: '😮',
  sad: '😔',
  angry: '😠',
}

const keyOf = (channel: Document) =>
  String(
    channel.cid ??
      `${channel.channel_type ?? channel.type}:${channel.channel_id ?? channel.id ?? distinctId(channel)}`,
  )
const distinctId = ({ member_ids: ids, channel_member_ids: others }: Document) =>
  `!members-${[...(ids ?? others ?? [])].sort().join(',')}`

export function userOf(user: Document, copyFiles = false): { user: ReadItem[]; picture: ReadItem[] } {
  const key = String(user.id)
  const content = {
    name: key,
    displayName: user.name || key,
    properties: without(user, ofUser),
    createdTime: user.created_at,
    isDeleted: Boolean(user.deleted_at),
  }
  const image = typeof user.image === 'string' && /^https?:/.test(user.image) ? user.image : undefined
  return {
    user: [{ key, place: Date.parse(user.created_at) || 0, content }],
    picture:
      image === undefined || user.deleted_at
        ? []
        : [{ key, place: 0, content: { url: image, isHosted: copyFiles } }],
  }
}

/** Converts a channel: distinct ones, which are found by their members, become direct; livestreams become public. */
export function channelOf(channel: Document, memberIds: string[]): ReadItem {
  const key = keyOf(channel)
  const isDistinct =
    key.split(':')[1]?.startsWith('!members-') && memberIds.length > 0 && memberIds.length <= 10
  const creator = channel.created_by?.id ?? channel.created_by
  const time = channel.created_at ?? '1970-01-01T00:00:00Z'
  return {
    key,
    place: Date.parse(time) || 0,
    content: {
      type: isDistinct ? 'DIRECT' : channel.type === 'livestream' ? 'PUBLIC' : 'PRIVATE',
      name: isDistinct ? undefined : key,
      displayName: isDistinct ? undefined : channel.name || channel.id || key,
      creator: typeof creator === 'string' ? creator : undefined,
      members: isDistinct ? memberIds : [],
      properties: without(channel, ofChannel),
      createdTime: time,
    },
  }
}

const moderators = ['moderator', 'owner', 'channel_moderator']

export function memberOf(channel: Document, member: Document): ReadItem[] {
  const user = member.user_id ?? member.user?.id
  if (user === undefined) return []
  const key = keyOf(channel)
  const content = {
    channel: key,
    user,
    moderator:
      member.is_moderator === true ||
      [member.role, member.channel_role].some((role) => moderators.includes(role)),
    createdTime: member.created_at ?? channel.created_at ?? '1970-01-01T00:00:00Z',
  }
  return [{ key: `${key} ${user}`, place: Date.parse(content.createdTime) || 0, content }]
}

export function itemsOfMessageList(
  channel: Document,
  messages: Document[],
  copyFiles: boolean,
  place: (time: string) => number,
): ReadItems {
  const notCarried: NotCarried[] = []
  const message = messages.flatMap((each) => {
    const { id, type, parent_id: parent, created_at: createdTime } = each
    const text: string = each.text ?? ''
    const refuse = (reason: string): ReadItem[] => {
      notCarried.push({ kind: 'message', key: String(id), reason })
      return []
    }
    if (id == null) return refuse('it has no id')
    if (each.deleted_at || type === 'deleted') return refuse('it was deleted')
    if (type === 'error' || type === 'ephemeral') return refuse(`it is of the type ${type}`)
    const files = listOf(each.attachments).flatMap((attachment) => {
      const file = fileOf(
        {
          url: attachment.asset_url ?? attachment.image_url,
          name: attachment.title ?? attachment.fallback,
          contentType: attachment.mime_type,
          size: attachment.file_size,
        },
        copyFiles,
      )
      // Link previews are generated anew; everything else is reported.
      if (!file && !attachment.og_scrape_url && !attachment.title_link) {
        notCarried.push({
          kind: 'attachment',
          key: String(id),
          reason: `of the type ${attachment.type}, without a file`,
        })
      }
      return file && !attachment.og_scrape_url ? [file] : []
    })
    if (text === '' && files.length === 0) return refuse('it has neither a text nor a file')
    const user = each.user?.id ?? each.user
    const content = {
      channel: keyOf(channel),
      user: type === 'system' ? undefined : user,
      mentions: mentionsIn(
        text,
        listOf(each.mentioned_users).map((mentioned) => ({
          key: mentioned.id,
          names: [mentioned.name, mentioned.id],
        })),
      ),
      nestedLevel: parent ? 1 : 0,
      replies: each.reply_count > 0 ? each.reply_count : undefined,
      reactions: reactionsOf(each, notCarried),
      properties: without(each, ofMessage),
      createdTime,
      lastEditedTime: each.message_text_updated_at,
    }
    return messagesOf(String(id), place(createdTime), parent || undefined, content, {
      body: text || undefined,
      files,
    })
  })
  return { message, notCarried }
}

function reactionsOf(message: Document, notCarried: NotCarried[]) {
  const given = listOf(message.reactions ?? message.latest_reactions)
  const counted = Object.values<number>(message.reaction_counts ?? {}).reduce((sum, count) => sum + count, 0)
  const refuse = (reason: string) => notCarried.push({ kind: 'reaction', key: String(message.id), reason })
  if (counted > given.length) refuse(`${counted - given.length} of ${counted} are not in the export`)
  const byType = Map.groupBy(
    given.toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at)),
    ({ type }) => String(type),
  )
  return [...byType].flatMap(([type, all]) => {
    const emoji = emojiOf(type, reactions)
    if (emoji === undefined) {
      refuse(`there is no emoji for the type ${type}`)
      return []
    }
    return all.map(({ user_id: id, user, created_at: createdTime }) => ({
      emoji,
      users: [id ?? user?.id],
      createdTime,
    }))
  })
}

/** Returns receipts: each member has read everything sent until `last_read`, at that time. */
export function receiptsOf(
  channel: Document,
  messages: Document[],
  read: Document[],
  items: ReadItem[],
): ReadItem[] {
  if (read.length === 0) return []
  const authors = new Map(messages.map(({ id, user }) => [String(id), user?.id ?? user]))
  return items.map(({ key, place, content }) => {
    const sent = Date.parse((content as { createdTime: string }).createdTime)
    const author = authors.get(key)
    const readers = read.flatMap(({ user, last_read: time }) =>
      Date.parse(time) >= sent && user?.id !== author ? [{ user: user?.id, time }] : [],
    )
    return { key, place, content: { channel: keyOf(channel), author, readers } }
  })
}
