import type { Tx } from '#data/database.ts'
import type { Caller } from '#domain/access/caller.ts'
import { admit } from '#domain/channels/members/admit.ts'

/** Admits a user as {@link admit} does, and emits the event. @throws as admit */
export async function admitMember(tx: Tx, caller: Caller, channelId: number, userId: number): Promise<void> {
  await tx.emit(...(await admit(tx, caller, channelId, userId)))
}
