// Subscriptions of sessions, and how they follow changes of their users' access to channels.

import type { Context } from '#context.ts'
import { mayReceive } from '#domain/access/topic.ts'
import { endChatSession } from '#domain/sessions/end-chat-session.ts'
import { listOpenChats } from '#domain/sessions/list-open-chats.ts'
import { startChatSession } from '#domain/sessions/start-chat-session.ts'
import { reasonForEnd } from '#domain/users/bans/reason-for-end.ts'
import { ChatError } from '#errors.ts'
import type { Broadcaster } from '#realtime/broadcaster.ts'
import type { CatchUp } from '#realtime/catch-up.ts'
import type { Hub } from '#realtime/hub.ts'
import type { Connection, Session } from '#realtime/sessions/session.ts'
import { type Owed, Subscription, type SubscriptionFacts } from '#realtime/sessions/subscription.ts'
import { mustBeAllowedToSubscribe, ownerOf } from '#realtime/topics.ts'
import { type EventType, eventsWhere, eventsWith } from '#resources/events.ts'
import type { PublishedEvent } from '#resources/published-event.ts'
import { chatSessionOf } from '#resources/topics.ts'
import type { StompSubscription } from '#stomp/handler.ts'

type Types = ReadonlySet<EventType | undefined>
const endsSessions = eventsWith('ends sessions')
const reloadsRelations = eventsWith('reloads relations')
const relatesUser: Types = eventsWhere(({ relates }) => relates === 'userId')
const relatesMembers: Types = eventsWhere(({ relates }) => relates === 'memberIds')
const relatesActor: Types = eventsWhere(({ relates }) => relates === 'by')

export class Listening {
  readonly #ctx: Context
  readonly #hub: Hub
  readonly #broadcaster: Broadcaster
  readonly #catchUp: CatchUp
  /** Ends of chat sessions that clients have given up, by session. */
  readonly #settling = new WeakMap<Session, Promise<unknown>>()
  /** Sessions whose chat sessions may not all be ended, because their connection or the database was lost meanwhile. */
  readonly #unsettled = new WeakSet<Session>()

  constructor(ctx: Context, hub: Hub, broadcaster: Broadcaster, catchUp: CatchUp) {
    this.#ctx = ctx
    this.#hub = hub
    this.#broadcaster = broadcaster
    this.#catchUp = catchUp
  }

  /** Loads a session's relations, which decide what it may receive. From then on they follow the events. */
  async relate(session: Session): Promise<void> {
    while (session.connection !== undefined) {
      const { relationsVersion, facts } = session
      const { applicationId, userId } = facts
      const wanted = { applicationId, userId, deliveredThrough: this.#hub.position }
      const relations = await this.#ctx.arrivals.relations(wanted)
      if (session.relationsVersion !== relationsVersion) continue // another event was delivered meanwhile
      if (session.connection !== undefined) this.#hub.relate(session, relations)
      return
    }
  }

  /**
   * Subscribes to a topic. If the session was subscribed to it before losing its connection, delivery continues there.
   * @throws ChatError if the user has no access, after delivering what they missed while they had it
   */
  async subscribe(connection: Connection, { id, destination, ack }: StompSubscription): Promise<void> {
    const { session } = connection
    const facts = { session, id, destination, ack }
    const owed = session.owed.claim(destination, id)
    try {
      await this.#goOn(connection, facts, owed)
    } catch (error) {
      if (owed && error instanceof ChatError) await this.#deliverMissedBeforeRefusal(connection, facts, owed)
      else if (owed) session.owed.add(destination, owed)
      throw error
    }
  }

  async #goOn(connection: Connection, facts: Omit<SubscriptionFacts, 'owner'>, owed?: Owed): Promise<void> {
    const { session, destination } = facts
    for (;;) {
      const { owner, opensChatSession } = await mustBeAllowedToSubscribe(
        this.#ctx,
        this.#hub,
        session,
        destination,
      )
      if (opensChatSession && 'channelId' in owner) {
        await this.#settling.get(session)
        await startChatSession(this.#ctx, session.caller(), session.facts.id, owner.channelId)
        // Clients wait for this RECEIPT before they subscribe to the other topics (runtime contract 5.3).
        if (!owed) await this.#broadcaster.whenDelivered({ channelId: owner.channelId })
      }
      if (session.connection !== connection) {
        if (owed) session.owed.add(destination, owed)
        return
      }
      if (!mayReceive(session.relations, owner)) {
        this.#leaveChat(session, destination) // the user was removed meanwhile
        continue
      }
      this.#hub.subscribe(new Subscription({ ...facts, owner }, owed))
      if (owed) this.#catchUp.soon(session, connection)
      return
    }
  }

  /** Delivers the events of a topic that the user missed before losing access to it. */
  async #deliverMissedBeforeRefusal(
    connection: Connection,
    facts: Omit<SubscriptionFacts, 'owner'>,
    owed: Owed,
  ): Promise<void> {
    const { session, destination } = facts
    this.#leaveChat(session, destination)
    const owner = await ownerOf(this.#ctx, session, destination).catch(() => undefined)
    if (session.connection !== connection) session.owed.add(destination, owed)
    else if (owner) await this.#catchUp.farewell(new Subscription({ ...facts, owner }, owed), connection)
  }

  async unsubscribe(session: Session, id: string): Promise<void> {
    const subscription = this.#hub.unsubscribe(session, id)
    const channelId = subscription && chatSessionOf(subscription.destination)
    if (channelId !== undefined && !session.isInChat(channelId)) {
      await endChatSession(this.#ctx, session.caller(), session.facts.id, channelId)
    }
  }

  /**
   * Called when a client requests its user, which it does after resubscribing to everything (runtime contract 1.5). Ends
   * the chat sessions that it left while it had no connection.
   */
  settle(connection: Connection): void {
    const { session } = connection
    const settled = session.owed.settle(session.facts.userId, session.topics)
    if (!settled) return
    const channelIds = settled.givenUp.flatMap((topic) => chatSessionOf(topic) ?? [])
    const mayBeMore = settled.mayBeMore || this.#unsettled.has(session)
    if (channelIds.length === 0 && !mayBeMore) return
    const ending = this.#endChats(connection, mayBeMore ? undefined : channelIds)
    this.#settling.set(session, Promise.allSettled([ending]))
    this.#ctx.later(ending)
  }

  /** Ends the chat sessions in these channels, by default in all, that the session is not subscribed to. */
  async #endChats(connection: Connection, channelIds?: number[]): Promise<void> {
    const { session } = connection
    const { id } = session.facts
    this.#unsettled.add(session)
    for (const channelId of channelIds ?? (await listOpenChats(this.#ctx, id))) {
      if (session.connection !== connection) return
      if (!session.isInChat(channelId)) await endChatSession(this.#ctx, session.caller(), id, channelId)
    }
    this.#unsettled.delete(session)
  }

  /** Applies an event to the sessions of this process, after the event was delivered. */
  async apply(published: PublishedEvent): Promise<void> {
    const { type, channelId, userId, cause } = published
    if (type === undefined) return
    const sessions = userId === undefined ? [] : this.#hub.sessionsOf(userId)
    if (endsSessions.has(type)) {
      const why =
        sessions.length > 0 && userId !== undefined ? await reasonForEnd(this.#ctx, userId) : undefined
      for (const { connection } of sessions) if (why) connection?.fail(why)
    } else if (reloadsRelations.has(type)) {
      await Promise.all(sessions.map((session) => this.relate(session)))
    } else {
      const change = { type, channelId, payload: { userId: userId ?? null, ...(cause && { by: cause.by }) } }
      for (const session of this.#concerned(published)) {
        const hasChanged = this.#hub.follow(session, change)
        if (hasChanged && channelId !== null && !session.relations.memberships.has(channelId)) {
          this.#leave(session, channelId)
        }
      }
    }
  }

  /** Returns the sessions whose users' relations an event may change. */
  #concerned({ type, channelId, userId, cause }: PublishedEvent): Session[] {
    if (relatesUser.has(type)) return userId === undefined ? [] : this.#hub.sessionsOf(userId)
    if (relatesMembers.has(type)) return this.#hub.membersOf(channelId ?? 0)
    if (relatesActor.has(type)) return cause ? this.#hub.sessionsOf(cause.by) : []
    return []
  }

  #leave(session: Session, channelId: number): void {
    for (const subscription of session.subscriptions.values()) {
      const { owner, destination, state } = subscription
      if (!('channelId' in owner) || owner.channelId !== channelId || state === 'over') continue
      this.#leaveChat(session, destination)
      // A subscription that is behind receives the rest of its missed events first.
      if (state === 'live') this.#hub.end(subscription)
    }
  }

  #leaveChat(session: Session, destination: string): void {
    const channelId = chatSessionOf(destination)
    if (channelId === undefined) return
    this.#ctx.later(endChatSession(this.#ctx, session.caller(), session.facts.id, channelId))
  }
}
