import type { Context } from '#context.ts'
import { findEquivalentChannel, type NewChannel } from '#data/channels.ts'
import { findStanding, setHidden } from '#data/memberships.ts'
import { hasBlocker } from '#data/user-blocks.ts'
import { findUsers, referencedId } from '#data/users.ts'
import { causeOf, isVisible, type UserCaller } from '#domain/access.ts'
import { getSettings } from '#domain/applications/get-settings.ts'
import { admitMember } from '#domain/channels/admit-member.ts'
import { describeChannel, mustFitDirectChannel, storeChannel } from '#domain/channels/create-channel.ts'
import { getChannelAs } from '#domain/channels/get-channel-as.ts'
import { createGuest } from '#domain/users/create-guest.ts'
import { unknownUser } from '#domain/users/resolve-users.ts'
import { ChatError, unlessGone } from '#errors.ts'
import type { CreateChannel, SeenChannel } from '#resources/channel.ts'
import type { User } from '#resources/user.ts'

export interface CreatedChannel {
  channel: SeenChannel
  /** Whether it is new, one that the caller has created before, or somebody else's. */
  outcome: 'created' | 'owned' | 'member'
}

/**
 * A user creates a channel; it is a member, and the moderator of a group. Where there is an equivalent one that it may
 * see, it gets that one, as a member and no longer hidden (runtime contract 8.1). Who is named and not known is made a
 * guest, if the application has guests.
 * @throws ChatError FeatureDisabledError, 404 for unknown users, 400 for a bad set of members, UserBlockedError for a
 * direct channel with somebody who has blocked the caller, ConflictError for a name that is taken
 */
export async function createChannelAs(
  ctx: Context,
  caller: UserCaller,
  input: CreateChannel,
): Promise<CreatedChannel> {
  const settings = await getSettings(ctx, caller)
  if (settings.userCreatedChannels === 'DISABLED') {
    throw new ChatError('FeatureDisabledError', 'Users cannot create channels in this application')
  }
  const members = await findMembers(ctx, caller, input, settings.guestUsers === 'ENABLED')
  if (input.type === 'DIRECT') await mustNotBeBlocked(ctx, caller, members)
  const creator = members.find(({ id }) => id === caller.userId)
  const channel = describeChannel(input, creator, members)
  const id = await storeChannel(ctx, caller, channel, members)
  if (id === undefined) return takeExisting(ctx, caller, channel)
  return { channel: await getChannelAs(ctx, caller, id), outcome: 'created' }
}

/** Whom the channel is for, the caller included; guests are made when nothing else stands against it. */
async function findMembers(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  { type, members = [] }: CreateChannel,
  allowsGuests: boolean,
): Promise<User[]> {
  const wanted = [{ id: userId }, ...members.map(referencedId)]
  const found = await findUsers(ctx.db, applicationId, wanted)
  const users = new Map(found.flatMap((user) => (user ? [[user.id, user]] : [])))
  const strangers = wanted.filter((_, at) => !found[at])
  const names = new Set(strangers.map((stranger) => guestName(stranger)))
  const unknown = strangers.find((stranger) => !allowsGuests || guestName(stranger) === undefined)
  if (unknown) throw unknownUser(unknown)
  if (type === 'DIRECT') mustFitDirectChannel(users.size + names.size)
  for (const name of names) {
    const guest = name === undefined ? undefined : await createGuest(ctx, applicationId, name)
    if (!guest) throw unknownUser({ ...(name !== undefined && { username: name }) })
    users.set(guest.id, guest)
  }
  return [...users.values()]
}

function guestName(reference: { id?: number; username?: string }): string | undefined {
  const { username } = reference
  return username === undefined || username.trim() === '' ? undefined : username
}

async function mustNotBeBlocked(ctx: Context, { userId }: UserCaller, members: User[]): Promise<void> {
  const others = members.map(({ id }) => id).filter((id) => id !== userId)
  if (await hasBlocker(ctx.db, others, userId)) {
    throw new ChatError('UserBlockedError', 'One of the members has blocked you')
  }
}

async function takeExisting(
  ctx: Context,
  caller: UserCaller,
  { type, ...key }: NewChannel,
): Promise<CreatedChannel> {
  const { applicationId, userId } = caller
  const existing = await findEquivalentChannel(ctx.db, applicationId, key)
  const standing = existing && (await findStanding(ctx.db, existing.id, userId))
  if (existing?.type !== type || !standing || !isVisible(standing)) {
    throw new ChatError('ConflictError', `There is a channel named ${key.name} already`)
  }
  const { id: channelId, creatorId } = existing
  const outcome = creatorId === userId ? 'owned' : 'member'
  const { receipt: _receipt, ...joiner } = caller // what answers the action is that the channel was there
  await ctx.db
    .transact(async (tx) => {
      if (standing.standing !== 'member') await admitMember(tx, joiner, channelId, userId)
      const unhidden = await setHidden(tx, channelId, userId, false)
      const payload = { userId, existing: outcome, ...(unhidden && { unhidden }), ...causeOf(caller) }
      await tx.emit({ type: 'channel.upserted', applicationId, channelId, payload })
    })
    .catch(unlessGone('channel', channelId))
  return { channel: await getChannelAs(ctx, caller, channelId), outcome }
}
