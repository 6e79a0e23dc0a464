// Connections on which the rows of a whole world go and come.
import type pg from 'pg'

/** That many are changed at the same time. */
const rewritingMax = 4

/**
 * Where the database lets us, keys are not looked at, row by row, when rows go and come: of the 32 ms that 1,000 messages
 * need to go, that takes 30. Who gets into each other's way finds out at once. And plans are made once for each
 * connection: making one of these takes ten times as long as what it does.
 * @param $1 whether for the transaction alone: then all plans of the connection are made anew, before and after
 */
export const freeOfKeys = {
  text: `
    select set_config('plan_cache_mode', 'force_generic_plan', $1),
      case when has_parameter_privilege('session_replication_role', 'set')
                and has_parameter_privilege('deadlock_timeout', 'set')
        then set_config('session_replication_role', 'replica', $1) || set_config('deadlock_timeout', '50ms', $1)
      end`,
}

/** They stay open, for the sake of the plans; statements that do not wait for each other are sent at once. */
export const rewritingOptions: pg.PoolConfig & { onConnect(client: pg.ClientBase): Promise<void> } = {
  max: rewritingMax,
  idleTimeoutMillis: 0,
  pipeline: true,
  async onConnect(client) {
    await client.query(freeOfKeys.text, [false])
  },
}
