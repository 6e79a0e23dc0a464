/**
 * SQL text: a CTE that, if selected from, lets the commit of its statement not wait for the disk. Only for work that is
 * repeated if Postgres crashes and loses it.
 */
export const lazily = `lazily as materialized (select set_config('synchronous_commit', 'off', true))`
