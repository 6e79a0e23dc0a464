import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import { resolveUsers } from '#domain/users/resolve-users.ts'
import type { CreateChannel } from '#resources/channel.ts'
import type { User } from '#resources/user.ts'

export interface ChosenMembers {
  creator?: User
  /** Includes the creator. */
  members: User[]
}

/** Returns the members that a backend names. @throws ChatError 404 for unknown users */
export async function namedMembers(
  ctx: Context,
  caller: ApplicationCaller,
  { creator: reference, members: references }: CreateChannel,
): Promise<ChosenMembers> {
  const creator = reference && (await resolveUser(ctx, caller, reference))
  const named = await resolveUsers(ctx, caller, references ?? [])
  if (!creator) return { members: named }
  return { creator, members: named.some(({ id }) => id === creator.id) ? named : [...named, creator] }
}
