// Reads channels with their members and invites.
import { type ChatKittyApi, Refusal } from '#migrate/chatkitty/api.ts'
import { type ChannelDocument, channelOf, idIn, type UserDocument } from '#migrate/chatkitty/documents.ts'
import { all, forEach, pages } from '#migrate/chatkitty/lists.ts'
import type { Stage, Step } from '#migrate/source.ts'

/** Number of channels read concurrently. */
const atOnce = 4

interface MembershipDocument {
  createdTime: string
  _links?: Record<string, { href: string }>
}

export function channelsStep(api: ChatKittyApi): Step {
  return {
    name: 'channels',
    title: 'Reading channels',
    unit: 'channels',
    async read(stage) {
      let { page: from, done } = stage.resumed<{ page: number; done: number }>() ?? { page: 0, done: 0 }
      for await (const { items, total, number } of pages<ChannelDocument>(api, '/channels', 'channels', {
        from,
        sort: 'id',
      })) {
        await stage.put(
          'channel',
          items.map((channel) => ({
            key: String(channel.id),
            place: channel.id,
            content: channelOf(channel),
          })),
        )
        await forEach(items, atOnce, async (channel) => {
          await readMembers(api, stage, channel)
          if (channel.type !== 'DIRECT') await readInvites(api, stage, channel)
          stage.progress(++done, total)
        })
        from = number + 1
        await stage.save({ page: from, done })
      }
    },
  }
}

async function readMembers(api: ChatKittyApi, stage: Stage, channel: ChannelDocument): Promise<void> {
  const isGroup = channel.type !== 'DIRECT'
  const path = `/channels/${channel.id}`
  const moderators = isGroup ? await all<UserDocument>(api, `${path}/moderators`, 'users') : []
  const isModerator = new Set(moderators.map(({ id }) => id))
  const put = (members: { userId: number; createdTime: string }[]) =>
    stage.put(
      'member',
      members.map(({ userId, createdTime }) => ({
        key: `${channel.id} ${userId}`,
        place: channel.id,
        content: {
          channel: String(channel.id),
          user: String(userId),
          moderator: isModerator.has(userId),
          createdTime,
        },
      })),
    )
  try {
    for await (const { items } of pages<MembershipDocument>(api, `${path}/memberships`, 'memberships')) {
      await put(
        items.flatMap(({ createdTime, _links: links }) => {
          const userId = idIn(links?.user) ?? idIn(links?.member)
          return userId === undefined ? [] : [{ userId, createdTime }]
        }),
      )
    }
  } catch (error) {
    // Memberships are documented only for groups; the members of a direct channel joined when it was created.
    if (isGroup || !(error instanceof Refusal)) throw error
    await put((channel.members ?? []).map(({ id }) => ({ userId: id, createdTime: channel.createdTime })))
  }
}

async function readInvites(api: ChatKittyApi, stage: Stage, { id }: ChannelDocument): Promise<void> {
  const invites = await all<MembershipDocument>(api, `/channels/${id}/invites`, 'invites')
  await stage.put(
    'invite',
    invites.flatMap(({ createdTime, _links: links }, at) => {
      const userId = idIn(links?.invitee)
      if (userId === undefined) return []
      const content = { channel: String(id), user: String(userId), createdTime }
      return [{ key: `${id} ${userId}`, place: id * 1_000 + Math.min(at, 999), content }]
    }),
  )
}
