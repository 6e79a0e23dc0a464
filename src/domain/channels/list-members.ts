// The lists of who belongs to a channel. Each throws ChatError 404 where there is no such channel for the caller.

import type { Context } from '#context.ts'
import {
  findMembership,
  listMembers,
  listMemberships,
  listModerators,
  listParticipants,
  type MemberMatch,
} from '#data/channels/memberships.ts'
import { knownSorts } from '#data/lists.ts'
import { findUser, sortableUsers } from '#data/users/users.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustHaveChannel } from '#domain/access/channel.ts'
import { ChatError } from '#errors.ts'
import type { ChannelMembership } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

export async function listChannelMembers(
  ctx: Context,
  caller: Caller,
  id: number,
  page: PageRequest,
  match?: MemberMatch,
): Promise<Page<User>> {
  await mustHaveChannel(ctx, caller, id)
  return listMembers(ctx.db, id, inOrderFor(caller, page), match)
}

export async function listChannelModerators(
  ctx: Context,
  caller: Caller,
  id: number,
  page: PageRequest,
  match?: MemberMatch,
): Promise<Page<User>> {
  await mustHaveChannel(ctx, caller, id)
  return listModerators(ctx.db, id, inOrderFor(caller, page), match)
}

/** Backends learn of a wrong order, users do not. */
function inOrderFor(caller: Caller, page: PageRequest): PageRequest {
  return caller.kind === 'user' ? knownSorts(page, sortableUsers) : page
}

/** Members with an active chat session in the channel. */
export async function listChannelParticipants(
  ctx: Context,
  caller: Caller,
  id: number,
  page: PageRequest,
): Promise<Page<User>> {
  await mustHaveChannel(ctx, caller, id)
  return listParticipants(ctx.db, id, page)
}

export async function listChannelMemberships(
  ctx: Context,
  caller: Caller,
  id: number,
  page: PageRequest,
): Promise<Page<ChannelMembership>> {
  await mustHaveChannel(ctx, caller, id)
  return listMemberships(ctx.db, id, page)
}

/** The member that a membership's link leads to. @throws ChatError 404 */
export async function getChannelMember(
  ctx: Context,
  caller: Caller,
  id: number,
  userId: number,
): Promise<User> {
  await mustHaveChannel(ctx, caller, id)
  const user =
    (await findMembership(ctx.db, id, userId)) && (await findUser(ctx.db, caller.applicationId, userId))
  if (!user) throw new ChatError('ResourceNotFoundError', `user ${userId} is no member of channel ${id}`)
  return user
}
