import type pg from 'pg'

/**
 * Notes how many rows of a table each transaction deletes from now on, however it does: by itself, or by deleting what
 * they belong to.
 * @returns reads the numbers of rows, by transaction
 */
export async function noteDeletions(pool: pg.Pool, table: string): Promise<() => Promise<number[]>> {
  await pool.query(`
    create table noted_${table} (transaction bigint, rows int);
    create function note_${table}() returns trigger language plpgsql as $$ begin
      insert into noted_${table} select txid_current(), count(*) from gone;
      return null;
    end $$;
    create trigger note after delete on ${table} referencing old table as gone
      for each statement execute function note_${table}()`)
  return async () => {
    const { rows } = await pool.query<{ rows: number }>(
      `select sum(rows)::int as rows from noted_${table} group by transaction having sum(rows) > 0 order by min(transaction)`,
    )
    return rows.map((row) => row.rows)
  }
}
