// The real-time API: serves the STOMP frames of sessions, and delivers the events that processes broadcast.
import type { Context } from '#context.ts'
import { startSession } from '#domain/sessions/start-session.ts'
import { type ChatError, toChatError } from '#errors.ts'
import { answerRelay, performAction } from '#realtime/answers.ts'
import { eventBody, json } from '#realtime/bodies.ts'
import { Broadcaster } from '#realtime/broadcaster.ts'
import { CatchUp } from '#realtime/catch-up.ts'
import { FrameRate } from '#realtime/frame-rate.ts'
import { Hub } from '#realtime/hub.ts'
import { Listening } from '#realtime/listening.ts'
import { Presenter } from '#realtime/presenter.ts'
import { Housekeeping } from '#realtime/sessions/housekeeping.ts'
import type { Connection, LateAnswer, Session } from '#realtime/sessions/session.ts'
import { Sessions } from '#realtime/sessions/sessions.ts'
import type { Subscription } from '#realtime/sessions/subscription.ts'
import { openRouter } from '#realtime/table.ts'
import type { PublishedEvent } from '#resources/published-event.ts'
import { isTopic } from '#resources/topics.ts'
import { currentUserAliases, currentUserHypermedia } from '#resources/user.ts'
import { Flusher } from '#stomp/flusher.ts'
import type { ClientFrame } from '#stomp/frames.ts'
import type { StompHandler, StompMessage, StompSubscription } from '#stomp/handler.ts'
import { type MessageHead, messageHead } from '#stomp/message-head.ts'
import { shareBody } from '#stomp/shared-body.ts'
import { readAuthParams } from '#wire/auth-params.ts'
import { readHello } from '#wire/generations.ts'
import { presentFrameError } from '#wire/problem.ts'
import { baseUrlsOf, isErrorsQueue, presentResource, readDestination } from '#wire/stompx.ts'

/** How often a process that the leader cannot reach over the bus reads the log. */
const followMs = 1_000

export class Realtime implements StompHandler<Session> {
  /** Schedules the writes to the sockets. */
  readonly flusher = new Flusher()
  readonly #ctx: Context
  readonly #router = openRouter()
  readonly #hub: Hub
  readonly #sessions: Sessions
  readonly #housekeeping: Housekeeping
  readonly #broadcaster: Broadcaster
  readonly #catchUp: CatchUp
  readonly #listening: Listening
  readonly #rate: FrameRate
  #following: NodeJS.Timeout | undefined
  /** The hub's position at the last {@link #follow}. */
  #followed = -1

  constructor(ctx: Context) {
    this.#ctx = ctx
    this.#hub = new Hub(this.flusher, (...missed) => this.#sessions.missed(...missed), ctx.tracing)
    this.#rate = new FrameRate(ctx.config.rateLimitPerSecond > 0)
    this.#sessions = new Sessions(ctx, this.#hub, (key) => this.#broadcaster.takeOver(key))
    this.#housekeeping = new Housekeeping(ctx, this.#hub, this.#sessions)
    const presenter = new Presenter(ctx)
    this.#broadcaster = new Broadcaster(ctx, this.#hub, presenter, {
      delivered: (published) => this.#delivered(published),
      takeOver: (key) => this.#letGo(key),
      released: (key) => this.#sessions.released(key),
    })
    this.#catchUp = new CatchUp(ctx, this.#hub, this.#broadcaster, presenter, (session, message) =>
      this.#sessions.giveUp(session, message),
    )
    this.#listening = new Listening(ctx, this.#hub, this.#broadcaster, this.#catchUp)
    ctx.testApi?.onForget((applicationId, change) => {
      ctx.typists.clear()
      this.#sessions.dismiss(applicationId, `The world was ${change}: start a new session`)
    })
  }

  /** Number of messages of events sent to clients, and of sessions in this process. */
  get counts(): { deliveries: number; connected: number; detached: number } {
    return { deliveries: this.#hub.sent, ...this.#sessions.counts }
  }

  /** Whether this process has any sessions, connected or detached. */
  get isListened(): boolean {
    return !this.#sessions.isEmpty
  }

  /** Publishes events; see {@link Broadcaster}. */
  get broadcaster(): Broadcaster {
    return this.#broadcaster
  }

  async start(): Promise<void> {
    await this.#broadcaster.start()
    this.#housekeeping.start()
    this.#following = setInterval(() => this.#follow(), followMs).unref()
  }

  /** Stops the timers. Call before closing the connections: their sessions may resume in another process. */
  stop(): void {
    clearInterval(this.#following)
    this.#housekeeping.stop()
    this.#sessions.stop()
  }

  /** Resolves when pending work is done. Call after the connections are closed. */
  async close(): Promise<void> {
    this.#sessions.close()
    await this.#ctx.settled()
    await this.#broadcaster.close()
  }

  /** Ends the sessions of dead processes after the time that clients have to reconnect. */
  endOrphans(): Promise<void> {
    return this.#housekeeping.endOrphans()
  }

  async #delivered(published: PublishedEvent): Promise<void> {
    const { writtenAt, deliveries } = published
    this.#ctx.typists.follow(published)
    if (writtenAt !== undefined && deliveries.length > 0) {
      this.#ctx.metrics.delivered.observe(Math.max(0, this.#ctx.clock.now() - writtenAt) / 1_000)
    }
    await this.#listening
      .apply(published)
      .catch((error) =>
        this.#sessions.missed(published, this.#hub.concernedBy(published), { error, isLast: false }),
      )
  }

  // ------------------------------------------------------------------------------------------ sessions

  async connect(connection: Connection, { headers }: ClientFrame) {
    const { query, origin } = connection.request
    const { generation, ...hello } = readHello(query, headers)
    let released: string | undefined
    const release = (key: string, node: number) => {
      released = key
      return this.#sessions.takeOver(key, node)
    }
    try {
      const authParams = readAuthParams(hello.authParams)
      const started = await startSession(this.#ctx, { ...hello, authParams, release })
      const baseUrls = baseUrlsOf(this.#ctx.baseUrl(origin), this.#ctx.config.publicUrl)
      const session = await this.#open(connection, started, baseUrls, generation)
      return { state: session, headers: { session: started.key, server: 'Chatterie' } }
    } catch (error) {
      if (released !== undefined) this.#sessions.notResumed(released)
      throw this.#refusal(error)
    }
  }

  async #open(...client: Parameters<Sessions['open']>): Promise<Session> {
    const [connection, started] = client
    const session = this.#sessions.open(...client)
    try {
      await this.#listening.relate(session)
    } catch (error) {
      // Only a client that resumes knows the session, and can try again.
      this.#sessions.closed(connection, started.isResumed ? 'lost' : 'disconnect', session)
      throw error
    }
    if (started.isResumed && session.connection === connection) session.resumedAt = started.ackedPosition
    return session
  }

  /** Releases a session that another process claims; without an answer, that process waits no longer than it must. */
  #letGo(key: string): Promise<boolean> {
    return this.#sessions.letGo(key).catch((error) => {
      this.#ctx.log.warn({ err: error }, 'a session could not be released to another process')
      this.#sessions.notResumed(key)
      return false
    })
  }

  closed(connection: Connection, how: 'disconnect' | 'lost'): void {
    this.#sessions.closed(connection, how)
  }

  // --------------------------------------------------------------------------------------------- frames

  isConcurrent(destination: string): boolean {
    return destination.includes('.relay')
  }

  async subscribe(connection: Connection, subscription: StompSubscription): Promise<void> {
    const { session } = connection
    const { id, destination, ack, headers } = subscription
    if (isErrorsQueue(destination)) {
      session.errors = { id, destination, ack }
      return
    }
    this.#rate.take(session)
    if (isTopic(destination)) {
      await this.#listening.subscribe(connection, subscription)
      const begun = session.subscriptionTo(destination)
      if (!begun) return
      for (const answer of session.takeAnswers(destination)) this.#answer(connection, begun, answer)
      return
    }
    const isUser = isCurrentUserRelay(destination)
    if (isUser) this.#listening.settle(connection)
    const resource = await answerRelay(this.#ctx, this.#router, session, destination, headers)
    if (session.connection !== connection) return
    connection.message(
      headOfOne(session, subscription),
      shareBody(eventBody('resource.relayed', resource, session.baseUrls), json),
    )
    if (isUser) this.#sendMissed(connection)
  }

  /** Called when a client requests its user, which it does after resubscribing to everything (runtime contract 1.5). */
  #sendMissed(connection: Connection): void {
    const { session } = connection
    this.#catchUp.now(session, connection)
    const { resumedAt } = session
    if (resumedAt === undefined) return
    session.resumedAt = undefined
    this.#ctx.later(this.#catchUp.check(session, connection, resumedAt))
  }

  async unsubscribe({ session }: Connection, id: string): Promise<void> {
    if (session.errors?.id === id) session.errors = undefined
    await this.#listening.unsubscribe(session, id)
  }

  async send(connection: Connection, { destination, headers, body }: StompMessage): Promise<void> {
    const { session } = connection
    this.#rate.take(session)
    const receipt = headers.get('receipt')
    const echo = await performAction(this.#ctx, this.#router, session, { destination, body, receipt })
    if (!echo || receipt === undefined || session.connection !== connection) return
    const text = eventBody(
      session.nameOf(echo.type),
      presentResource(echo.shape, echo.entity),
      session.baseUrls,
    )
    const answer = { receipt, body: shareBody(text, json) }
    const subscription = session.answersTo(echo)
    if (subscription) this.#answer(connection, subscription, answer)
    else session.keepAnswer(echo, answer)
  }

  #answer(connection: Connection, subscription: Subscription, { receipt, body }: LateAnswer): void {
    const head = connection.session.answer(subscription, receipt)
    if (head) connection.message(head, body)
  }

  ack({ session }: Connection, id: string): void {
    session.acknowledge(id)
  }

  /** Acknowledges: no message is delivered twice on one connection (runtime contract 1.6). */
  nack({ session }: Connection, id: string): void {
    session.acknowledge(id)
  }

  failed(connection: Connection, { command, headers }: ClientFrame, error: unknown): void {
    const { session } = connection
    const problem = this.#problemOf(error, session)
    const isSubscribe = command === 'SUBSCRIBE'
    const subject = headers.get(isSubscribe ? 'id' : 'receipt')
    const { errors } = session
    if (errors === undefined) {
      connection.fail(problem) // the client would not receive the error (runtime contract 1.5)
      return
    }
    if (subject === undefined) return // the error would fail all pending frames (runtime contract 2)
    connection.message(
      headOfOne(session, errors, { [isSubscribe ? 'subscription-id' : 'receipt-id']: subject }),
      shareBody(JSON.stringify(presentFrameError(problem, this.#ctx.clock.now())), json),
    )
  }

  #problemOf(error: unknown, { facts }: Session): ChatError {
    const known = toChatError(error)
    if (known.status >= 500) this.#ctx.log.error({ err: error, session: facts.id }, 'handling a frame failed')
    return known
  }

  #refusal(error: unknown): ChatError {
    const known = toChatError(error)
    if (known.status >= 500) this.#ctx.log.error({ err: error }, 'a connection failed')
    return known
  }

  /** Reads the log without a bus, or while it is away, so that a process that does not lead still delivers events. */
  #follow(): void {
    const { bus, node } = this.#ctx
    const { position } = this.#hub
    // A bus that is away reports no gaps, so a process that receives nothing checks the log itself.
    const hearsNothing = !bus.isShared || position === this.#followed
    if (hearsNothing && !node.isLeader && !this.#sessions.isEmpty) this.#broadcaster.repair()
    this.#followed = position
  }
}

/** Returns the head of a message that is no event, and so is sent once, whether it is acknowledged or not. */
function headOfOne(
  session: Session,
  { id, destination, ack }: Omit<StompSubscription, 'headers'>,
  more: Record<string, string> = {},
): MessageHead {
  const message = session.nextMessage()
  const required = ack === 'auto' ? {} : { ack: message } // [STOMP 1.2 MESSAGE]
  return messageHead({ destination, subscription: id, 'message-id': message, ...more, ...required })
}

/** Returns whether this is the relay that clients request after all other subscriptions (runtime contract 1.5). */
function isCurrentUserRelay(destination: string): boolean {
  const { plain } = readDestination(destination)
  return plain === currentUserHypermedia.relays.self.pattern || plain === currentUserAliases.self.pattern
}
