// The deletion of users.
import { bool, columnsOf, int8, select } from '#data/columns.ts'
import { reading, type Tx } from '#data/database.ts'
import { type Ended, endSessionsOf } from '#data/users/departures.ts'
import { replacePicture } from '#data/users/users.ts'

/** The consequences of a user's deletion. */
export interface Retired extends Ended {
  /** The memberships that they had. */
  memberships: { channelId: number; moderator: boolean }[]
}

/**
 * Deletes a user: their messages keep their author, their sessions end, and their other data are removed.
 * @returns undefined if there is no such user
 */
export async function retireUser(
  tx: Tx,
  applicationId: number,
  id: number,
  { withTraces }: { withTraces: boolean },
): Promise<Retired | undefined> {
  if ((await tx.run(retireStatement, [applicationId, id])) === 0) return undefined
  await replacePicture(tx, id, null)
  const memberships = await tx.all(leaveAllStatement, [id])
  const ended = await endSessionsOf(tx, id) // after the memberships, as the deletion of a channel locks them
  const statements = withTraces ? [...tracesStatements, ...retiringStatements] : retiringStatements
  for (const statement of statements) await tx.run(statement, [id])
  return { ...ended, memberships }
}

const retireStatement = {
  name: 'retire-user',
  text: `
    update "user" set deleted_time = chatterie_clock(), presence_status = 'UNAVAILABLE'
    where id = $2 and application_id = $1 and deleted_time is null`,
}
const leaveAllStatement = reading(
  'leave-all-channels',
  select(columnsOf({ channelId: int8, moderator: bool }, 'cm')),
  (columns) => `delete from channel_membership cm where user_id = $1 returning ${columns}`,
)
/** Possibly numerous rows. If there are many, a job removes them instead, see data/removal/traces.ts. */
const tracesStatements = [
  deleteCountedText('reaction', 'reaction_count'),
  'delete from read_span where user_id = $1',
  deleteCountedText('message_report', 'report_count'),
  'delete from notification where recipient_id = $1',
].map((text) => ({ text }))
const retiringStatements = [
  'delete from user_secret where user_id = $1',
  'delete from channel_block where user_id = $1',
  'delete from channel_invite where invitee_id = $1',
  'delete from user_block where blocker_id = $1 or blocked_id = $1',
].map((text) => ({ text }))

/** SQL text: deletes a user's rows that belong to messages, and reduces the counter in the messages' rows. */
function deleteCountedText(table: 'reaction' | 'message_report', counter: string): string {
  return `
    with gone as (delete from ${table} where user_id = $1 returning message_id)
    update message m set ${counter} = greatest(m.${counter} - g.count, 0)
    from (select message_id, count(*) as count from gone group by message_id) g where m.id = g.message_id`
}
