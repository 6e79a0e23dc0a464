// Delivers published events to the sessions of this process, by an index of subscriptions.
import { mayReceive } from '#domain/access/topic.ts'
import type { Change, Relations } from '#domain/sessions/relations.ts'
import { Bodies, byAudience } from '#realtime/bodies.ts'
import { LateUpdates } from '#realtime/late-updates.ts'
import type { Session } from '#realtime/sessions/session.ts'
import type { Subscription } from '#realtime/sessions/subscription.ts'
import type { Audience, PublishedEvent } from '#resources/published-event.ts'
import { readTopic } from '#resources/topics.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import { Fanout } from '#stomp/fanout.ts'
import type { Flusher } from '#stomp/flusher.ts'
import type { Tracing } from '#tracing/tracing.ts'

/**
 * Called with the sessions to which an event could not be delivered, and the reason.
 * @param isLast whether a retry cannot succeed
 */
export type OnMissed = (
  published: PublishedEvent,
  sessions: Session[],
  why: { error?: unknown; isLast: boolean },
) => void

export class Hub {
  /** Subscriptions by topic. Most topics have only one, which is stored without a set. */
  readonly #topics = new Map<string, Subscription | Set<Subscription>>()
  /** Subscriptions to users' own topics, by application and topic name, for events published to everybody. */
  readonly #own = new Map<string, Set<Subscription>>()
  readonly #members = new Map<number, Set<Session>>()
  readonly #applications = new Map<number, Set<Session>>()
  readonly #users = new Map<number, Set<Session>>()
  readonly late = new LateUpdates()
  readonly #fanout: Fanout
  readonly #failed: OnMissed
  readonly #tracing: Tracing | undefined
  /** Position through which every event is delivered to the live subscriptions of this process. */
  position = 0
  /** Number of messages sent to subscriptions since the process started. */
  sent = 0

  constructor(flusher: Flusher, failed: OnMissed, tracing?: Tracing) {
    this.#fanout = new Fanout(flusher)
    this.#failed = failed
    this.#tracing = tracing
  }

  /** Adds a connected session. */
  add(session: Session): void {
    add(this.#applications, session.facts.applicationId, session)
    add(this.#users, session.facts.userId, session)
    for (const channelId of session.relations.memberships.keys()) add(this.#members, channelId, session)
  }

  remove(session: Session): void {
    for (const subscription of session.subscriptions.values()) this.#silence(subscription)
    for (const channelId of session.relations.memberships.keys()) remove(this.#members, channelId, session)
    remove(this.#applications, session.facts.applicationId, session)
    remove(this.#users, session.facts.userId, session)
  }

  subscribe(subscription: Subscription): void {
    this.unsubscribe(subscription.session, subscription.id)
    subscription.session.subscriptions.set(subscription.id, subscription)
    const { destination } = subscription
    const others = this.#topics.get(destination)
    if (others instanceof Set) others.add(subscription)
    else this.#topics.set(destination, others ? new Set([others, subscription]) : subscription)
    const own = ownTopicOf(subscription)
    if (own !== undefined) add(this.#own, own, subscription)
  }

  #silence(subscription: Subscription): void {
    const { destination } = subscription
    const all = this.#topics.get(destination)
    if (all === subscription) this.#topics.delete(destination)
    else if (all instanceof Set && all.delete(subscription) && all.size === 0)
      this.#topics.delete(destination)
    const own = ownTopicOf(subscription)
    if (own !== undefined) remove(this.#own, own, subscription)
  }

  /** Removes a subscription by its id. @returns the subscription, if it existed */
  unsubscribe(session: Session, id: string): Subscription | undefined {
    const subscription = session.subscriptions.get(id)
    if (!subscription) return undefined
    session.forget(subscription)
    this.#silence(subscription)
    return subscription
  }

  /** Stops delivery to a subscription. Messages delivered before can still be acknowledged. */
  end(subscription: Subscription): void {
    subscription.state = 'over'
    this.#silence(subscription)
  }

  /** Replaces a session's relations. */
  relate(session: Session, relations: Relations): void {
    for (const channelId of session.relations.memberships.keys()) remove(this.#members, channelId, session)
    session.relations = relations
    session.early.clear()
    for (const channelId of relations.memberships.keys()) add(this.#members, channelId, session)
  }

  /** Applies a delivered event to a session's relations. @returns whether they have changed */
  follow(session: Session, change: Change): boolean {
    session.relationsVersion += 1
    const { channelId } = change
    if (channelId != null) {
      session.early.delete(channelId)
      session.relations.leaving.delete(channelId)
    }
    if (!session.relations.apply(change)) return false
    if (channelId != null) {
      if (session.relations.memberships.has(channelId)) add(this.#members, channelId, session)
      else remove(this.#members, channelId, session)
    }
    return true
  }

  /** Makes the session's user a member of a channel before the event of the join is delivered. */
  joinEarly(session: Session, channelId: number): void {
    session.relations.memberships.set(channelId, 0)
    session.early.add(channelId)
    add(this.#members, channelId, session)
  }

  sessionsOf(userId: number): Session[] {
    return [...(this.#users.get(userId) ?? [])]
  }

  membersOf(channelId: number): Session[] {
    return [...(this.#members.get(channelId) ?? [])]
  }

  /** Returns whether a member of the channel is connected to this process. */
  hasListeners(channelId: number): boolean {
    return this.#members.has(channelId)
  }

  /**
   * Delivers an event to the live subscriptions of this process; those that are behind receive it when they catch up.
   * @param isAlone whether no other event is about to be delivered
   */
  async deliver(published: PublishedEvent, isAlone = false): Promise<void> {
    const { traceparent: parent, type } = published
    if (!this.#tracing || parent === undefined) return this.#deliver(published, isAlone)
    await this.#tracing.run(`deliver ${type}`, { kind: 'consumer', parent }, async (span) => {
      const before = this.sent
      await this.#deliver(published, isAlone)
      span.say({ 'chatterie.sockets': this.sent - before })
    })
  }

  async #deliver(published: PublishedEvent, isAlone: boolean): Promise<void> {
    const failed = new Map<Subscription, unknown>()
    const audiences = byAudience(published.deliveries)
    for (const [at, { to, messages }] of audiences.entries()) {
      const deliver = (subscription: Subscription) => {
        if (subscription.state !== 'live') return
        for (const bodies of messages) {
          if (attempt(subscription, published, bodies, subscription.session.relations, failed)) this.sent += 1
        }
      }
      await this.#fanout.forEach(
        this.#audience(published, to),
        deliver,
        isAlone && at === audiences.length - 1,
      )
    }
    if (published.position > this.position) this.position = published.position
    this.late.note(published)
    if (failed.size > 0) {
      for (const subscription of failed.keys()) subscription.miss(published.position)
      const [error] = failed.values()
      const sessions = new Set([...failed.keys()].map(({ session }) => session))
      this.#failed(published, [...sessions], { error, isLast: false })
    }
    if (published.isLost) this.#failed(published, this.concernedBy(published), { isLast: true })
  }

  /**
   * Delivers an event to subscriptions of one session that missed it, with the user's relations at that time. Skips
   * those that the client has unsubscribed from.
   */
  deliverTo(missed: Subscription[], published: PublishedEvent, relations: Relations): void {
    const subscriptions = missed.filter((each) => each.session.subscriptions.get(each.id) === each)
    const failed = new Map<Subscription, unknown>()
    for (const delivery of published.deliveries) {
      const bodies = new Bodies(delivery)
      for (const subscription of subscriptions) {
        if (isAmong(subscription, delivery.to, relations)) {
          if (attempt(subscription, published, bodies, relations, failed)) this.sent += 1
        }
      }
    }
    for (const subscription of subscriptions) subscription.pass(published.position)
    const [error] = failed.values()
    const sessions = subscriptions.slice(0, 1).map(({ session }) => session)
    const missing = sessions.filter(
      (each) => failed.size > 0 || (published.isLost && isConcerned(each, published)),
    )
    if (missing.length > 0) this.#failed(published, missing, { error, isLast: true })
  }

  /** Returns the sessions of an event's user, of its actor, and of the members and subscribers of its channel. */
  concernedBy(published: PublishedEvent): Session[] {
    const sessions = this.#applications.get(published.applicationId) ?? []
    return [...sessions].filter((session) => isConcerned(session, published))
  }

  #audience(published: PublishedEvent, to: Audience): Iterable<Subscription> {
    if ('everybody' in to) return this.#own.get(ownKey(published.applicationId, to.topic)) ?? []
    return 'membersOf' in to ? this.#listeningMembers(to) : this.#listenersOf(to.topic)
  }

  *#listeningMembers({ membersOf, topic }: Extract<Audience, { membersOf: number }>): Iterable<Subscription> {
    for (const session of this.#members.get(membersOf) ?? []) {
      const destination = currentUserHypermedia.topics[topic].at({ id: session.facts.userId })
      for (const subscription of this.#listenersOf(destination)) {
        if (subscription.session === session) yield subscription
      }
    }
  }

  #listenersOf(destination: string): Iterable<Subscription> {
    const all = this.#topics.get(destination)
    if (all === undefined) return []
    return all instanceof Set ? all : [all]
  }
}

/** Returns the index key of a subscription to one of its user's own topics; undefined for other topics. */
function ownTopicOf({ destination, owner, session }: Subscription): string | undefined {
  const topic = 'userId' in owner ? readTopic(destination) : undefined
  return topic && ownKey(session.facts.applicationId, topic.name)
}

const ownKey = (applicationId: number, topic: string): string => `${applicationId} ${topic}`

function isAmong({ destination, session }: Subscription, to: Audience, { memberships }: Relations): boolean {
  if (!('everybody' in to) && !('membersOf' in to)) return destination === to.topic
  if (destination !== currentUserHypermedia.topics[to.topic].at({ id: session.facts.userId })) return false
  return 'everybody' in to || memberships.has(to.membersOf)
}

function isConcerned(
  { facts, relations, subscriptions }: Session,
  { channelId, userId, cause }: PublishedEvent,
): boolean {
  if (facts.userId === userId || facts.userId === cause?.by) return true
  if (channelId === null) return false
  if (relations.memberships.has(channelId)) return true
  for (const { owner } of subscriptions.values()) {
    if ('channelId' in owner && owner.channelId === channelId) return true
  }
  return false
}

/** Sends a message. An error is added to `failed` and affects no other subscription. @returns whether it was sent */
function attempt(
  subscription: Subscription,
  published: PublishedEvent,
  bodies: Bodies,
  relations: Relations,
  failed: Map<Subscription, unknown>,
): boolean {
  try {
    return send(subscription, published, bodies, relations)
  } catch (error) {
    failed.set(subscription, error)
    return false
  }
}

function send(
  subscription: Subscription,
  published: PublishedEvent,
  bodies: Bodies,
  relations: Relations,
): boolean {
  const { session } = subscription
  const { delivery } = bodies
  const { connection, facts } = session
  if (!connection || published.applicationId !== facts.applicationId) return false
  if (!mayReceive(relations, subscription.owner)) return false
  if (delivery.except === facts.userId) return false
  if (delivery.only !== undefined && delivery.only !== facts.userId) return false
  if (delivery.exceptActor && published.cause?.session === facts.key) return false
  if (delivery.from !== undefined && relations.blocked.has(delivery.from)) return false
  if (delivery.isAlias && !session.mayKnowMainThreadOf(published.channelId ?? 0)) return false
  const head = session.announce(subscription, published, delivery)
  if (!head) return false
  const isSent = connection.message(head, bodies.for(session, relations))
  if (!isSent) subscription.miss(published.position)
  else if (subscription.isAutomatic) subscription.skip(published.position, delivery.type)
  return isSent
}

function add<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key)
  if (values) values.add(value)
  else index.set(key, new Set([value]))
}

function remove<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key)
  if (values?.delete(value) && values.size === 0) index.delete(key)
}
