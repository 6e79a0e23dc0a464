import type { Context } from '#context.ts'
import { keepFile } from '#data/files.ts'
import type { HostedFile } from '#data/rows.ts'
import { lockUser, replacePicture } from '#data/users/users.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeSelf } from '#domain/access/user.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { getUser } from '#domain/users/get-user.ts'
import { notFound } from '#errors.ts'
import type { ExternalFile } from '#resources/message.ts'
import { hostedUrl } from '#resources/served.ts'
import type { User } from '#resources/user.ts'

/**
 * Sets a user's picture, hosted or external, and deletes the old one. Users may only set their own.
 * @throws ChatError 404, AccessDeniedError
 */
export async function updateUserDisplayPicture(
  ctx: Context,
  caller: Caller,
  id: number,
  picture: HostedFile | ExternalFile,
): Promise<User> {
  mustBeSelf(caller, id)
  const { applicationId } = caller
  const replaced = await ctx.db.transact(async (tx) => {
    if (!(await lockUser(tx, applicationId, id))) throw notFound('user', id)
    if ('key' in picture) await keepFile(tx, picture.key)
    const key = await replacePicture(
      tx,
      id,
      'key' in picture ? { url: hostedUrl(picture), fileKey: picture.key } : picture,
    )
    const payload = { userId: id, picture: true, ...causeOf(caller) }
    await tx.emit({ type: 'user.updated', applicationId, payload })
    return key
  })
  if (replaced) await discardFile(ctx, replaced)
  return getUser(ctx, caller, id)
}
