// Connections that replace the rows of whole worlds.
import type pg from 'pg'

/** The maximum number of worlds that are rewritten at the same time. */
const rewritingMax = 4

/**
 * Where the database permits it, disables foreign key checks, which take 30 of the 32 ms needed to delete 1,000
 * messages, and shortens the time after which deadlocks are detected. Plans are made once per connection, because
 * planning one of these statements takes ten times as long as running it.
 * @param $1 whether to apply the settings to the transaction only, which replans all statements before and after it
 */
export const freeOfKeys = {
  text: `
    select set_config('plan_cache_mode', 'force_generic_plan', $1),
      case when has_parameter_privilege('session_replication_role', 'set')
                and has_parameter_privilege('deadlock_timeout', 'set')
        then set_config('session_replication_role', 'replica', $1) || set_config('deadlock_timeout', '50ms', $1)
      end`,
}

/** Connections stay open to keep their plans; statements that do not depend on each other are pipelined. */
export const rewritingOptions: pg.PoolConfig & { onConnect(client: pg.ClientBase): Promise<void> } = {
  max: rewritingMax,
  idleTimeoutMillis: 0,
  pipeline: true,
  async onConnect(client) {
    await client.query(freeOfKeys.text, [false])
  },
}
