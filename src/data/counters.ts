// Numbers of big lists, exact at every moment and never counted row by row: what the dispatcher has folded into
// `counter`, plus what still waits in the outbox. One snapshot sees both, and each event is in exactly one of them.
import { type CounterScope, type EventType, eventCounters, ownerOf } from '#resources/events.ts'

/**
 * SQL text for the present value of a counter.
 * @param owner SQL text for the id of the application, channel or thread
 */
export function counterValue(scope: CounterScope, owner: string): string {
  const types = Object.entries(eventCounters)
    .filter(([, scopes]) => (scopes as readonly CounterScope[]).includes(scope))
    .map(([type]) => `'${type}'`)
  return (
    `(coalesce((select n.value from counter n where n.scope = '${scope}' and n.scope_id = ${owner}), 0)` +
    ` + coalesce((select sum(o.count) from outbox_event o where o.${ownerOf(scope)}_id = ${owner}` +
    ` and o.type in (${types.join(', ')})), 0))::bigint`
  )
}

/** Every pair of an event type and a counter it moves. */
export const counterMoves = Object.entries(eventCounters).flatMap(([type, scopes]) =>
  scopes.map((scope) => ({ type: type as EventType, scope, owner: ownerOf(scope) })),
)
