import type { Context } from '#context.ts'
import { deleteOperatorSessions } from '#data/operators/sessions.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { refused } from '#errors.ts'

/** Ends all sessions of an operator, everywhere. @throws ChatError 400 for an admin key, which has none */
export async function signOut(ctx: Context, operator: OperatorCaller): Promise<void> {
  const { as, id } = operator
  if (as !== 'operator' || id === undefined) {
    throw refused('session', 'session', 'invalid', 'An admin key has no session to end')
  }
  await ctx.db.transact(async (tx) => {
    await deleteOperatorSessions(tx, id)
    await noteAct(tx, operator, { action: 'session.deleted', target: { type: 'operator', id } })
  })
}
