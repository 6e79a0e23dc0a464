// Lengths of large lists, exact at all times without counting rows: what the dispatcher has added to `counter`, plus
// what is still in the outbox. One snapshot sees both, and each event is in exactly one of them.
import type { Querier } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { inList } from '#data/sql/in-list.ts'
import { type CounterScope, ownerOf } from '#resources/event-description.ts'
import { type EventType, events, eventsWhere } from '#resources/events.ts'

/**
 * Returns SQL text for the current value of a counter.
 * @param owner SQL text for the id of the application, channel or thread
 */
export function counterValue(scope: CounterScope, owner: string): string {
  const types = eventsWhere(({ counts }) => counts.includes(scope))
  return (
    `(coalesce((select n.value from counter n where n.scope = '${scope}' and n.scope_id = ${owner}), 0)` +
    ` + coalesce((select sum(o.count) from outbox_event o where o.${ownerOf(scope)}_id = ${owner}` +
    ` and o.type in ${inList(types)}), 0))::bigint`
  )
}

/** Returns the same for one id, passed as a parameter of the statement. */
export function counterOf(scope: CounterScope, id: number): Prisma.Sql {
  const around = counterValue(scope, '?').split('?')
  return new Prisma.Sql(
    around,
    around.slice(1).map(() => id),
  )
}

/** Every pair of an event type and a counter that it changes. */
export const counterMoves = Object.entries(events).flatMap(([type, { counts }]) =>
  counts.map((scope) => ({ type: type as EventType, scope, owner: ownerOf(scope) })),
)

export interface Count {
  type: EventType
  applicationId: number
  channelId?: number
  threadId?: number
  count: number
}

/**
 * Adds to counters what that many events of a type would, without publishing anything. It must come last in its
 * transaction, because the dispatcher waits for the locked counters. They are locked in the dispatcher's order.
 */
export async function count(tx: Querier, counts: Count[]): Promise<void> {
  const changes = new Map<string, { scope: CounterScope; owner: number; change: number }>()
  for (const { type, count, ...owners } of counts) {
    for (const scope of events[type].counts) {
      const owner = owners[`${ownerOf(scope)}Id`]
      if (owner === undefined || count === 0) continue
      const key = `${scope} ${owner}`
      const change = (changes.get(key)?.change ?? 0) + count
      changes.set(key, { scope, owner, change })
    }
  }
  if (changes.size === 0) return
  const all = [...changes.values()]
  await tx.run(countStatement, [
    all.map(({ scope }) => scope),
    all.map(({ owner }) => owner),
    all.map(({ change }) => change),
  ])
}

const countStatement = {
  name: 'count',
  text: `
    insert into counter (scope, scope_id, value)
    select scope, owner, change from unnest($1::text[], $2::bigint[], $3::bigint[]) c (scope, owner, change)
    order by scope, owner
    on conflict (scope, scope_id) do update set value = counter.value + excluded.value`,
}

/** Returns how often each id occurs. */
export function tally(ids: number[]): [id: number, count: number][] {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts]
}
