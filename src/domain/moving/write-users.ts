import type { Context } from '#context.ts'
import { count } from '#data/events/counters.ts'
import { findUserIds } from '#data/jobs/imports.ts'
import { endItems, type Move, type PendingItem } from '#data/moving/items.ts'
import { drawNumbers } from '#data/moving/numbers.ts'
import { insertMovedUsers, updateMovedUsers } from '#data/moving/people.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { MovedUser } from '#resources/moving.ts'

/** Creates users, or updates them to their state in the source. Users with the same name here are kept as they are. */
export async function writeUsers(
  ctx: Context,
  move: Move,
  items: PendingItem<MovedUser>[],
): Promise<Problem[]> {
  const { applicationId } = move
  const problems: Problem[] = []
  await ctx.db.transact(async (tx) => {
    const known = items.filter(({ id }) => id !== null)
    await updateMovedUsers(
      tx,
      applicationId,
      known.map(({ id, content }) => ({ id: Number(id), user: content })),
    )
    const fresh = items.filter(({ id }) => id === null)
    const numbers = await drawNumbers(tx, 'user', fresh.length)
    const users = fresh.map(({ key, content: user }, at) => ({ key, id: numbers[at] as number, user }))
    const created = new Set(await insertMovedUsers(tx, applicationId, users))
    const namesakes = users.filter(({ id }) => !created.has(id)).map(({ user }) => user.name)
    const existing = await findUserIds(tx, applicationId, namesakes)
    const done = users.flatMap(({ key, id, user }) => {
      const mine = created.has(id) ? id : existing.get(user.name)
      return mine === undefined ? [] : [{ key, id: mine }]
    })
    await endItems(tx, move, 'user', [...known.map(({ key }) => ({ key })), ...done])
    const living = users.filter(({ id, user }) => created.has(id) && !user.isDeleted)
    await count(tx, [{ type: 'user.created', applicationId, count: living.length }])
  })
  return problems
}
