import type { Context } from '#context.ts'
import { count, tally } from '#data/events/counters.ts'
import { lockChannels } from '#data/jobs/imports.ts'
import { endItems, idsOfItems, type Move, type PendingItem } from '#data/moving/items.ts'
import { putMovedInvites, putMovedMembers } from '#data/moving/places.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { MovedInvite, MovedMember } from '#resources/moving.ts'

/** Makes users members of channels as in the source, or invites them. Runs after the messages are written. */
export async function writeMembers(
  ctx: Context,
  move: Move,
  kind: 'member' | 'invite',
  items: PendingItem<MovedMember | MovedInvite>[],
): Promise<Problem[]> {
  const { applicationId } = move
  return ctx.db.transact(async (tx) => {
    const people = await idsOfItems(
      tx,
      move,
      'user',
      items.map(({ content }) => content.user),
    )
    const channels = await idsOfItems(
      tx,
      move,
      'channel',
      items.map(({ content }) => content.channel),
    )
    const there = await lockChannels(tx, applicationId, [...channels.values()])
    const problems: Problem[] = []
    const pairs = new Map<string, MovedMember & { channelId: number; userId: number }>()
    const done: { key: string }[] = []
    for (const { key, content } of items) {
      const [userId, channelId] = [people.get(content.user), channels.get(content.channel)]
      if (userId === undefined) problems.push({ key, reason: `user ${content.user} could not be carried` })
      else if (channelId === undefined || !there.has(channelId)) {
        problems.push({ key, reason: `channel ${content.channel} could not be carried` })
      } else {
        pairs.set(`${channelId} ${userId}`, { moderator: false, muted: false, ...content, channelId, userId })
        done.push({ key })
      }
    }
    if (kind === 'invite') await putMovedInvites(tx, [...pairs.values()])
    const joined = kind === 'member' ? await putMovedMembers(tx, [...pairs.values()]) : []
    await endItems(tx, move, kind, done)
    await count(
      tx,
      tally(joined).map(([channelId, each]) => ({
        type: 'channel.member.joined' as const,
        applicationId,
        channelId,
        count: each,
      })),
    )
    return problems
  })
}
