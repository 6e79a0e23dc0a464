import type { Context } from '#context.ts'
import { hasBlocker } from '#data/users/user-blocks.ts'
import { findUsers } from '#data/users/users.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustFitDirectChannel } from '#domain/channels/members/must-fit-direct-channel.ts'
import type { ChosenMembers } from '#domain/channels/members/named-members.ts'
import { createGuest } from '#domain/users/create-guest.ts'
import { unknownUser } from '#domain/users/unknown-user.ts'
import { ChatError } from '#errors.ts'
import type { CreateChannel } from '#resources/channel.ts'
import { referencedUser, type User } from '#resources/user.ts'

/**
 * Returns a user and the members they name; unknown names become guests if the application accepts guests.
 * @throws ChatError 404 for unknown users, 400 for a bad set of members, UserBlockedError for a direct channel with
 * somebody who has blocked the caller
 */
export async function membersWith(
  ctx: Context,
  caller: UserCaller,
  input: CreateChannel,
  allowsGuests: boolean,
): Promise<ChosenMembers> {
  const members = await findMembers(ctx, caller, input, allowsGuests)
  if (input.type === 'DIRECT') await mustNotBeBlocked(ctx, caller, members)
  const creator = members.find(({ id }) => id === caller.userId)
  return { members, ...(creator && { creator }) }
}

/** Returns the members, including the caller. Guests are created last, once all other checks have passed. */
async function findMembers(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  { type, members = [] }: CreateChannel,
  allowsGuests: boolean,
): Promise<User[]> {
  const wanted = [{ id: userId }, ...members.map(referencedUser)]
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
