import type { Tx } from '#data/database.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { type Act, noteAct } from '#domain/audit/note-act.ts'

/** Records what an operator, as opposed to a backend, does in an application (operating contract 2). */
export async function noteOperatorsAct(tx: Tx, caller: ApplicationCaller, act: Act): Promise<void> {
  if (caller.operator) await noteAct(tx, caller, act)
}
