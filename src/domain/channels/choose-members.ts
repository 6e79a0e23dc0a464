// Who is in a new channel from its beginning.
import type { Context } from '#context.ts'
import { hasBlocker } from '#data/users/user-blocks.ts'
import { findUsers } from '#data/users/users.ts'
import type { ApplicationCaller, UserCaller } from '#domain/access/caller.ts'
import { createGuest } from '#domain/users/create-guest.ts'
import { resolveUser, resolveUsers, unknownUser } from '#domain/users/resolve-users.ts'
import { ChatError, refused } from '#errors.ts'
import { type CreateChannel, directMembersMax } from '#resources/channel.ts'
import type { User } from '#resources/user.ts'
import { referencedUser } from '#resources/user.ts'

export interface ChosenMembers {
  creator?: User
  /** The creator among them. */
  members: User[]
}

/** Those that a backend names. @throws ChatError 404 for unknown users */
export async function membersNamed(
  ctx: Context,
  caller: ApplicationCaller,
  { creator: reference, members: references }: CreateChannel,
): Promise<ChosenMembers> {
  const creator = reference && (await resolveUser(ctx, caller, reference))
  const named = await resolveUsers(ctx, caller, references ?? [])
  if (!creator) return { members: named }
  return { creator, members: named.some(({ id }) => id === creator.id) ? named : [...named, creator] }
}

/**
 * A user and those that they name; who is not known is made a guest, if the application has guests.
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

/** The caller included; guests are made when nothing else stands against it. */
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

/** @throws ChatError 400 for too few or too many members */
export function mustFitDirectChannel(members: number): void {
  if (members === 0) {
    throw refused('channel', 'members', 'missing_field', 'A direct channel needs members')
  }
  if (members > directMembersMax) {
    throw refused('channel', 'members', 'invalid', `A direct channel has ${directMembersMax} members at most`)
  }
}
