// Whether channels keep their messages: a column of each channel, read with it by sends; null if it keeps them.
import type { Querier, Tx } from '#data/database.ts'

/** SQL text: the initial value for a new channel of an application. */
export const keptAsIn = (applicationId: string) =>
  `(select nullif(a.messages_persisted, true) from application a where a.id = ${applicationId})`

/** Sets whether messages are kept, for all existing channels and for new ones. */
export async function setApplicationPersisted(tx: Tx, applicationId: number, isKept: boolean): Promise<void> {
  await tx.run({ text: 'update application set messages_persisted = $2 where id = $1' }, [
    applicationId,
    isKept,
  ])
  await tx.run(
    {
      text: `
        update channel set messages_persisted = nullif($2::boolean, true)
        where application_id = $1 and coalesce(messages_persisted, true) <> $2`,
    },
    [applicationId, isKept],
  )
}

/** @returns whether the application has such a channel */
export async function setChannelPersisted(
  db: Querier,
  applicationId: number,
  id: number,
  isKept: boolean,
): Promise<boolean> {
  const text = `
    update channel set messages_persisted = nullif($3::boolean, true) where application_id = $1 and id = $2`
  return (await db.run({ text }, [applicationId, id, isKept])) > 0
}
