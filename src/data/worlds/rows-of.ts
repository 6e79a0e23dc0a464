// SQL conditions that select the rows `t` of an application ($1).
import { counterMoves } from '#data/events/counters.ts'
import { isKept } from '#data/removal/kept-messages.ts'
import { inList } from '#data/sql/in-list.ts'

export const ofApplication = 't.application_id = $1'
// Arrays, so that Postgres uses indexes whatever table sizes it assumes.
export const users = '(array(select u.id from "user" u where u.application_id = $1))'
/** Includes channels that have been deleted but not emptied yet. */
export const ofApplicationOnce = '(t.application_id = $1 or t.application_id is null and t.removed_from = $1)'
export const channels = `(array(select t.id from channel t where ${ofApplicationOnce}))`
const lastingChannels = '(array(select c.id from channel c where c.application_id = $1))'
export const functions = '(array(select f.id from "function" f where f.application_id = $1))'
export const ofKeptMessage = `exists (select from message m where m.id = t.message_id and ${isKept('m')})`
const threadsOf = (channels: string) =>
  `(array(select th.id from thread th where th.channel_id = any${channels}))`

const scopesOf = (owner: string) =>
  inList([...new Set(counterMoves.filter((move) => move.owner === owner).map(({ scope }) => scope))])
const invocations = 'function.invocations'
/** Includes what is still in the outbox, because the outbox is not copied. */
const pending = counterMoves.map(({ type, scope, owner }) => `('${type}', '${scope}', '${owner}')`).join(', ')
const countersOf = (channels: string) => `(
  t.scope in ${scopesOf('application')} and t.scope_id = $1
  or t.scope in ${scopesOf('channel')} and t.scope_id = any${channels}
  or t.scope in ${scopesOf('thread')} and t.scope_id = any${threadsOf(channels)}
  or t.scope = '${invocations}' and t.scope_id = any${functions})`
export const counterOf = countersOf(channels)
export const counters = `(
  select scope, scope_id, sum(value)::bigint as value from (
    select t.scope, t.scope_id, t.value from counter t where ${countersOf(lastingChannels)}
    union all
    select m.scope,
           case m.owner when 'application' then o.application_id when 'channel' then o.channel_id else o.thread_id end,
           o.count
    from outbox_event o join (values ${pending}) m (type, scope, owner) on m.type = o.type
    where o.application_id = $1 and o.count <> 0
  ) c where scope_id is not null group by scope, scope_id)`
