/**
 * SQL text: a part whose statement's commit does not wait for the disk, if it is selected from. For what is done again
 * after a crash of Postgres that loses it.
 */
export const lazily = `lazily as materialized (select set_config('synchronous_commit', 'off', true))`
