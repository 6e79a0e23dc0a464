import type { Context } from '#context.ts'
import { findUserByName } from '#data/users/users.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'

/** Requires a user with exactly this name. @throws ChatError 404, which callers rely on (contract g) */
export async function checkUserExists(ctx: Context, caller: ApplicationCaller, name: string): Promise<void> {
  if (!(await findUserByName(ctx.db, caller.applicationId, name))) throw notFound('user', name)
}
