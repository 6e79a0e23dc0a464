import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import {
  findEquivalentChannel,
  insertChannel,
  memberSetOf,
  type NewChannel,
} from '#data/channels/channel-changes.ts'
import { findStanding, insertMembers, setHidden } from '#data/channels/memberships.ts'
import { type ApplicationCaller, type Caller, causeOf, type UserCaller } from '#domain/access/caller.ts'
import { isVisible } from '#domain/access/channel.ts'
import { getSettings } from '#domain/applications/get-settings.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { admitMember } from '#domain/channels/members/admit-member.ts'
import { membersWith } from '#domain/channels/members/members-with.ts'
import { mustFitDirectChannel } from '#domain/channels/members/must-fit-direct-channel.ts'
import { type ChosenMembers, namedMembers } from '#domain/channels/members/named-members.ts'
import { ChatError, refused, unlessGone } from '#errors.ts'
import type { CreateChannel, SeenChannel } from '#resources/channel.ts'
import type { User } from '#resources/user.ts'

export interface CreatedChannel {
  channel: SeenChannel
  /** Whether the channel is new, was created by the caller before, or belongs to somebody else. */
  outcome: 'created' | 'owned' | 'member'
}

/**
 * Creates a channel, or returns the equivalent one: the direct channel of the same members, or the group channel of the
 * same name and type (contract g). Its creator becomes a member, and the moderator of a group. If users create a
 * channel and may see an equivalent one, they become members of it and it is no longer hidden (runtime contract 8.1).
 * @throws ChatError 404 for unknown users, 400 for a bad set of members or a name that another type has; for users
 * FeatureDisabledError, UserBlockedError and ConflictError for a name that is taken
 */
export async function createChannel(
  ctx: Context,
  caller: Caller,
  input: CreateChannel,
): Promise<CreatedChannel> {
  const chosen = await choose(ctx, caller, input)
  const channel = describe(input, chosen)
  const id = await store(ctx, caller, channel, chosen.members)
  if (id !== undefined) return { channel: await getChannel(ctx, caller, id), outcome: 'created' }
  return caller.kind === 'user' ? joinExisting(ctx, caller, channel) : findExisting(ctx, caller, channel)
}

async function choose(ctx: Context, caller: Caller, input: CreateChannel): Promise<ChosenMembers> {
  if (caller.kind === 'application') return namedMembers(ctx, caller, input)
  const settings = await getSettings(ctx, caller)
  if (settings.userCreatedChannels === 'DISABLED') {
    throw new ChatError('FeatureDisabledError', 'Users cannot create channels in this application')
  }
  return membersWith(ctx, caller, input, settings.guestUsers === 'ENABLED')
}

/** Returns the channel to store. @throws ChatError 400 for a bad set of members */
function describe(input: CreateChannel, { creator, members }: ChosenMembers): NewChannel {
  const common = { properties: input.properties ?? {}, ...(creator && { creator }) }
  if (input.type !== 'DIRECT') {
    const name = input.name ?? uuid()
    return { type: input.type, name, displayName: input.displayName ?? name, ...common }
  }
  mustFitDirectChannel(members.length)
  const name = uuid()
  return { type: 'DIRECT', name, displayName: name, memberSet: memberSetOf(members), ...common }
}

/** Stores the channel and returns its id, or undefined if there is an equivalent one. */
function store(
  ctx: Context,
  caller: Caller,
  channel: NewChannel,
  members: User[],
): Promise<number | undefined> {
  const { applicationId } = caller
  // The event that answers the action is channel.created, not the joining of its creator, so only it has the receipt.
  const { receipt: _receipt, ...joinedBy } = causeOf(caller)
  return ctx.db.transact(async (tx) => {
    const channelId = await insertChannel(tx, applicationId, channel)
    if (channelId === undefined) return undefined
    const moderatorId = channel.type === 'DIRECT' ? undefined : channel.creator?.id
    const joined = await insertMembers(
      tx,
      channelId,
      members.map(({ id }) => id),
      moderatorId === undefined ? {} : { moderatorId },
    )
    const base = { applicationId, channelId, count: 1 }
    await tx.emit(
      { type: 'channel.created', ...base, payload: causeOf(caller) },
      ...(channel.type === 'PUBLIC' ? [{ type: 'channel.public.created' as const, ...base }] : []),
      ...joined.map((userId) => ({
        type: 'channel.member.joined' as const,
        ...base,
        payload: { userId, ...joinedBy },
      })),
    )
    return channelId
  })
}

async function findExisting(
  ctx: Context,
  caller: ApplicationCaller,
  channel: NewChannel,
): Promise<CreatedChannel> {
  const existing = await findEquivalentChannel(ctx.db, caller.applicationId, channel)
  if (existing?.type === channel.type) {
    return { channel: await getChannel(ctx, caller, existing.id), outcome: 'member' }
  }
  throw refused('channel', 'name', 'already_exists', `A channel named ${channel.name} exists already`)
}

async function joinExisting(
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
  const { receipt: _receipt, ...joiner } = caller // the event that answers the action is channel.upserted
  await ctx.db
    .transact(async (tx) => {
      if (standing.standing !== 'member') await admitMember(tx, joiner, channelId, userId)
      const unhidden = await setHidden(tx, channelId, userId, false)
      const payload = { userId, existing: outcome, ...(unhidden && { unhidden }), ...causeOf(caller) }
      await tx.emit({ type: 'channel.upserted', applicationId, channelId, payload })
    })
    .catch(unlessGone('channel', channelId))
  return { channel: await getChannel(ctx, caller, channelId), outcome }
}
