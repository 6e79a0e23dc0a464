// Ids drawn before moved rows are inserted, so that related rows can be written in any number of statements.
import { column, int8 } from '#data/columns.ts'
import { reading, type Tx } from '#data/database.ts'

const drawing = (name: string, next: string) =>
  reading(
    name,
    column(int8, 'drawn.id'),
    (columns) =>
      `select ${columns} from (select ${next} as id from generate_series(1, $1::int)) drawn order by drawn.id`,
  )
const statements = {
  user: drawing('draw-users', `nextval('user_id_seq')`),
  channel: drawing('draw-channels', `nextval('channel_id_seq')`),
  message: drawing('draw-messages', 'next_message_id()'),
}

/** Draws `count` new ids, in ascending order. */
export function drawNumbers(tx: Tx, of: keyof typeof statements, count: number): Promise<number[]> {
  return tx.all(statements[of], [count])
}
