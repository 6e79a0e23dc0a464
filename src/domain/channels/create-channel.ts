import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { findEquivalentChannel, insertChannel, memberSetOf, type NewChannel } from '#data/channels.ts'
import { insertMembers } from '#data/memberships.ts'
import { type ApplicationCaller, type Caller, causeOf } from '#domain/access.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { resolveUser, resolveUsers } from '#domain/users/resolve-users.ts'
import { refused } from '#errors.ts'
import { type Channel, type CreateChannel, directMembersMax } from '#resources/channel.ts'
import type { User } from '#resources/user.ts'

/**
 * Creates a channel, or returns the equivalent one: the direct channel of the same members, the group channel of the
 * same name and type (contract g). Its creator is a member, and the moderator of a group.
 * @throws ChatError 404 for unknown users, 400 for a bad set of members or a name that another type has
 */
export async function createChannel(
  ctx: Context,
  caller: ApplicationCaller,
  input: CreateChannel,
): Promise<Channel> {
  const creator = input.creator && (await resolveUser(ctx, caller, input.creator))
  const members = withCreator(await resolveUsers(ctx, caller, input.members ?? []), creator)
  const channel = describeChannel(input, creator, members)
  const id =
    (await storeChannel(ctx, caller, channel, members)) ?? (await findEquivalent(ctx, caller, channel))
  return getChannel(ctx, caller, id)
}

function withCreator(members: User[], creator: User | undefined): User[] {
  return creator && !members.some(({ id }) => id === creator.id) ? [...members, creator] : members
}

/** The channel to store. @throws ChatError 400 for a bad set of members */
export function describeChannel(
  input: CreateChannel,
  creator: User | undefined,
  members: User[],
): NewChannel {
  const common = { properties: input.properties ?? {}, ...(creator && { creator }) }
  if (input.type !== 'DIRECT') {
    const name = input.name ?? uuid()
    return { type: input.type, name, displayName: input.displayName ?? name, ...common }
  }
  mustFitDirectChannel(members.length)
  const name = uuid()
  return { type: 'DIRECT', name, displayName: name, memberSet: memberSetOf(members), ...common }
}

/** @throws ChatError 400 for too few or too many members */
export function mustFitDirectChannel(members: number): void {
  if (members === 0) {
    throw refused('channel', 'members', 'missing_field', 'A direct channel needs members')
  }
  if (members > directMembersMax) {
    throw refused('channel', 'members', 'invalid', `A direct channel has ${directMembersMax} members at most`)
  }
}

/** The new channel's id, or undefined where there is an equivalent one. */
export function storeChannel(
  ctx: Context,
  caller: Caller,
  channel: NewChannel,
  members: User[],
): Promise<number | undefined> {
  const { applicationId } = caller
  // What answers the action is the channel's event, not that its creator has joined.
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

async function findEquivalent(ctx: Context, caller: ApplicationCaller, channel: NewChannel): Promise<number> {
  const existing = await findEquivalentChannel(ctx.db, caller.applicationId, channel)
  if (existing?.type === channel.type) return existing.id
  throw refused('channel', 'name', 'already_exists', `A channel named ${channel.name} exists already`)
}
