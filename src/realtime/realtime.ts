// The real-time door: sessions over STOMP, told of what the processes tell each other.
import type { Context } from '#context.ts'
import { mayStay } from '#domain/access/user.ts'
import { endOrphanedSessions, endSession } from '#domain/sessions/end-session.ts'
import { detachSession, entrancesOf, keepAcknowledged } from '#domain/sessions/hold-session.ts'
import { type StartedSession, startSession } from '#domain/sessions/start-session.ts'
import { ChatError, toChatError, withoutWords } from '#errors.ts'
import { answerRelay, performAction } from '#realtime/answers.ts'
import { CatchUp } from '#realtime/catch-up.ts'
import { FrameRate } from '#realtime/frame-rate.ts'
import { eventBody, Hub, json, type NotTold } from '#realtime/hub.ts'
import { Listening } from '#realtime/listening.ts'
import { type Connection, Session } from '#realtime/session.ts'
import { openRouter } from '#realtime/table.ts'
import { Teller } from '#realtime/teller.ts'
import { isTopic } from '#realtime/topics.ts'
import { currentUserAlias, currentUserHypermedia } from '#resources/user.ts'
import { type ClientFrame, shareBody } from '#stomp/frames.ts'
import type { StompHandler, StompMessage, StompSubscription } from '#stomp/handler.ts'
import { readAuthParams } from '#wire/auth-params.ts'
import { presentFrameError } from '#wire/problem.ts'
import { isErrorsQueue, type Place, placeOf, presentResource, readDestination } from '#wire/stompx.ts'

/** How long a user stays online without a connection: longer than clients wait before they reconnect (contract 8.3). */
const graceMs = 8_000
/** How often acknowledged positions are kept, for the case that this process dies. */
const keepMs = 2_000
const sweepMs = 5_000
/** How often a process looks at the log that the leader cannot reach otherwise. */
const followMs = 1_000
/** Sessions that are told nothing have their positions kept this often, long before the log forgets them. */
const keepIdleMs = 5 * 60_000
/** How often it is looked whether applications still let in who is connected. */
const admitMs = 2_000
/** How long another process may take to let go of a session. */
const releaseMs = 1_000
/** Sessions without a connection that are remembered here; the oldest go first. */
const detachedMax = 10_000

/** Other than for an AccessDeniedError, the official client comes back with its session. */
const cannotBeTold = new ChatError('InternalServerError', 'Something went wrong on the server')

export class Realtime implements StompHandler<Session> {
  readonly #ctx: Context
  readonly #router = openRouter()
  readonly #hub = new Hub((...missed) => this.#notTold(...missed))
  readonly #teller: Teller
  readonly #catchUp: CatchUp
  readonly #listening: Listening
  readonly #rate: FrameRate
  /** All sessions of this process, with and without connection, by key. */
  readonly #sessions = new Map<string, Session>()
  readonly #endings = new Map<string, NodeJS.Timeout>()
  readonly #releases = new Map<string, () => void>()
  readonly #timers: NodeJS.Timeout[] = []
  #isClosing = false
  /** Through where everybody here had been told a moment ago. */
  #followed = -1

  constructor(ctx: Context) {
    this.#ctx = ctx
    this.#rate = new FrameRate(ctx.config.rateLimitPerSecond > 0)
    this.#teller = new Teller(ctx, this.#hub, {
      told: (told) =>
        this.#listening
          .apply(told)
          .catch((error) => this.#notTold(told, this.#hub.concernedBy(told), { error, isLast: false })),
      takeOver: async (key) => {
        const wasHere = await this.#release(key)
        this.#sessions.delete(key) // it goes on elsewhere
        return wasHere
      },
      released: (key) => this.#releases.get(key)?.(),
    })
    this.#catchUp = new CatchUp(ctx, this.#hub, this.#teller, (session, message) =>
      this.#giveUp(session, message),
    )
    this.#listening = new Listening(ctx, this.#hub, this.#teller, this.#catchUp)
  }

  /** Tells events from now on; see {@link Teller}. */
  get teller(): Teller {
    return this.#teller
  }

  async start(): Promise<void> {
    await this.#teller.start()
    this.#timers.push(
      setInterval(() => void this.#keepAcknowledged(), keepMs).unref(),
      setInterval(() => void this.#sweep(), sweepMs).unref(),
      setInterval(() => this.#follow(), followMs).unref(),
      setInterval(() => void this.#showOut(), admitMs).unref(),
    )
  }

  /** Before the connections are closed: their sessions may go on elsewhere. */
  stop(): void {
    this.#isClosing = true
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** After the connections are closed. */
  async close(): Promise<void> {
    for (const timer of this.#endings.values()) clearTimeout(timer)
    await this.#ctx.settled()
    await this.#teller.close()
  }

  // ------------------------------------------------------------------------------------------ sessions

  async connect(connection: Connection, { headers }: ClientFrame) {
    const { query, origin } = connection.request
    const resume = headers.get('StompX-Auth-Session-ID')
    try {
      const started = await startSession(this.#ctx, {
        apiKey: query.get('api-key') ?? query.get('api_key') ?? '',
        username: headers.get('StompX-User') ?? '',
        userAgent: headers.get('StompX-User-Agent'),
        authParams: readAuthParams(headers.get('StompX-Auth-Params')),
        resume,
        release: (key, node) => this.#takeOver(key, node),
      })
      const place = placeOf(this.#ctx.baseUrl(origin), this.#ctx.config.publicUrl)
      const session = await this.#open(connection, started, place).catch((error) => {
        const { id, applicationId, user } = started
        const node = this.#ctx.node.id
        this.#ctx.later(endSession(this.#ctx, { id, applicationId, userId: user.id, node }))
        throw error
      })
      return { state: session, headers: { session: started.key, server: 'Chatterie' } }
    } catch (error) {
      throw this.#refusal(error)
    }
  }

  async #open(connection: Connection, started: StartedSession, place: Place): Promise<Session> {
    const { key, id, applicationId, user, ackedPosition, isVouched, topics, isResumed } = started
    clearTimeout(this.#endings.get(key))
    this.#endings.delete(key)
    const known = this.#sessions.get(key)
    const facts = { id, key, applicationId, userId: user.id, ackedPosition, isVouched }
    const session =
      isResumed && known && known.connection === undefined
        ? known
        : new Session(facts, this.#hub, topics, isResumed)
    if (isResumed && session !== known) session.isFromElsewhere = true
    session.attach(connection, place)
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    this.#hub.add(session)
    await this.#listening.relate(session)
    if (isResumed) session.resumedAt = ackedPosition
    return session
  }

  closed(connection: Connection, how: 'disconnect' | 'lost'): void {
    const { session } = connection
    if (session.connection !== connection) return // it has another one by now
    this.#hub.remove(session)
    const { acknowledged } = session
    session.detach()
    const { id, key } = session.facts
    const topics = session.owed.toJSON()
    if (how === 'disconnect') {
      this.#sessions.delete(key)
      this.#ctx.later(this.#end(session))
      return
    }
    this.#ctx.later(detachSession(this.#ctx, id, acknowledged, topics))
    if (this.#isClosing) return
    this.#endings.set(
      key,
      setTimeout(() => this.#ctx.later(this.#end(session)), graceMs),
    )
    if (this.#sessions.size > detachedMax) this.#forgetDetached()
  }

  async #end({ facts }: Session): Promise<void> {
    this.#endings.delete(facts.key)
    await endSession(this.#ctx, { ...facts, node: this.#ctx.node.id })
  }

  #forgetDetached(): void {
    for (const [key, session] of this.#sessions) {
      if (this.#sessions.size <= detachedMax) return
      if (session.connection === undefined) this.#sessions.delete(key)
    }
  }

  // --------------------------------------------------------------------------------------------- frames

  isConcurrent(destination: string): boolean {
    return destination.includes('.relay')
  }

  async subscribe(connection: Connection, subscription: StompSubscription): Promise<void> {
    const { session } = connection
    const { id, destination, headers } = subscription
    if (isErrorsQueue(destination)) {
      session.errors = { id, destination }
      return
    }
    this.#rate.take(session)
    if (isTopic(destination)) {
      await this.#listening.subscribe(connection, subscription)
      return
    }
    const isUser = isCurrentUserRelay(destination)
    if (isUser) session.owed.settle(session.facts.userId, session.topics)
    const resource = await answerRelay(this.#ctx, this.#router, session, destination, headers)
    if (session.connection !== connection) return
    connection.message(
      { destination, subscription: id, 'message-id': session.nextMessage() },
      shareBody(eventBody('resource.relayed', resource, session.place), json),
    )
    if (isUser) this.#tellMissed(connection)
  }

  /** Clients ask for their user when they have subscribed to all as before (runtime contract 1.5). */
  #tellMissed(connection: Connection): void {
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
    const topic = currentUserHypermedia.topics[echo.topic].at({ id: session.facts.userId })
    const subscription = session.subscriptionTo(topic)
    if (!subscription) return
    const text = eventBody(echo.type, presentResource(echo.shape, echo.entity), session.place)
    const answer = session.answer(subscription, receipt)
    if (answer) connection.message(answer, shareBody(text, json))
  }

  ack({ session }: Connection, id: string): void {
    session.acknowledge(id)
  }

  /** Nothing is told a second time on one connection (runtime contract 1.6). */
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
      connection.fail(problem) // nobody would hear of it (runtime contract 1.5)
      return
    }
    if (subject === undefined) return // it would fail all that is under way (runtime contract 2)
    connection.message(
      {
        destination: errors.destination,
        subscription: errors.id,
        'message-id': session.nextMessage(),
        [isSubscribe ? 'subscription-id' : 'receipt-id']: subject,
      },
      shareBody(JSON.stringify(presentFrameError(problem)), json),
    )
  }

  #problemOf(error: unknown, { facts }: Session): ChatError {
    const known = toChatError(error)
    if (known.status >= 500) this.#ctx.log.error({ err: error, session: facts.id }, 'a frame failed')
    return known
  }

  #refusal(error: unknown): ChatError {
    const known = toChatError(error)
    if (known.status >= 500) this.#ctx.log.error({ err: error }, 'a connection failed')
    return known
  }

  // ------------------------------------------------------------------------------------ coming back

  /**
   * Sessions that could not be told of an event lose their connection, and come back to be told of it once more; where
   * that fails as well, or cannot succeed, they end.
   */
  #notTold: NotTold = ({ position, applicationId }, sessions, { error, isLast }) => {
    if (sessions.length === 0) return
    this.#ctx.metrics.count('sessions closed', sessions.length)
    this.#ctx.log[error === undefined ? 'info' : 'error'](
      {
        ...(error !== undefined && { err: withoutWords(error) }),
        position,
        applicationId,
        sessions: sessions.length,
      },
      'sessions were closed: they cannot be told of an event',
    )
    for (const session of sessions) {
      try {
        session.interrupt()
        if (isLast) this.#giveUp(session, 'An event could not be told: start a new session')
        else session.connection?.fail(cannotBeTold)
      } catch (fault) {
        this.#ctx.log.error(
          { err: withoutWords(fault), session: session.facts.id },
          'a session was not closed',
        )
      }
    }
  }

  /** Rather than to lose events, the session ends. */
  #giveUp(session: Session, message: string): void {
    this.#sessions.delete(session.facts.key)
    session.connection?.fail(new ChatError('AccessDeniedError', message))
  }

  /** Lets go of the connection that a session had, wherever it is. */
  async #takeOver(key: string, node: number): Promise<void> {
    await this.#release(key)
    if (node === this.#ctx.node.id) return
    this.#sessions.delete(key) // it went on elsewhere, and nobody could say so here: what is known of it is out of date
    if (!this.#ctx.bus.isShared) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, releaseMs)
      this.#releases.set(key, () => {
        clearTimeout(timer)
        resolve()
      })
      this.#teller.takeOver(key)
    })
    this.#releases.delete(key)
  }

  /** @returns whether the session was here */
  async #release(key: string): Promise<boolean> {
    const session = this.#sessions.get(key)
    if (!session) return false
    clearTimeout(this.#endings.get(key))
    this.#endings.delete(key)
    const { connection, acknowledged } = session
    if (connection) {
      this.#hub.remove(session)
      session.detach()
      connection.terminate()
    }
    await detachSession(this.#ctx, session.facts.id, acknowledged, session.owed.toJSON())
    return true
  }

  // ------------------------------------------------------------------------------------- housekeeping

  async #keepAcknowledged(): Promise<void> {
    const now = Date.now()
    const dirty = [...this.#sessions.values()].filter(
      ({ isDirty, keptAt, connection }) => connection && (isDirty || now - keptAt > keepIdleMs),
    )
    if (dirty.length === 0) return
    for (const session of dirty) {
      session.isDirty = false
      session.keptAt = now
      if (session.isOverwhelmed) {
        this.#giveUp(session, 'The client does not acknowledge what it is told: start a new session')
      }
    }
    await keepAcknowledged(
      this.#ctx,
      dirty.map(({ facts, acknowledged }) => ({ id: facts.id, position: acknowledged })),
    ).catch((error) => {
      for (const session of dirty) session.isDirty = true
      this.#ctx.log.warn({ err: error }, 'acknowledged positions could not be kept, and are tried again')
    })
  }

  /** Without a bus, or while it is away, a process that does not lead still tells its clients, a little later. */
  #follow(): void {
    const { bus, node } = this.#ctx
    const { position } = this.#hub
    // Over a bus that is away nobody says that something was missed; who hears nothing looks for itself.
    const hearsNothing = !bus.isShared || position === this.#followed
    if (hearsNothing && !node.isLeader && this.#sessions.size > 0) this.#teller.repair()
    this.#followed = position
  }

  /** Ends the connections of who may not be there any more. */
  async #showOut(): Promise<void> {
    const connected = [...this.#sessions.values()].filter(({ connection }) => connection)
    if (connected.length === 0) return
    const ids = [...new Set(connected.map(({ facts }) => facts.applicationId))]
    try {
      const entrances = await entrancesOf(this.#ctx, ids)
      for (const session of connected) {
        const { applicationId, isVouched } = session.facts
        const entrance = entrances.get(applicationId)
        if (!entrance) this.#giveUp(session, 'The application was deleted')
        else if (!mayStay(entrance, isVouched)) this.#giveUp(session, 'This application lets no guests in')
      }
    } catch (error) {
      this.#ctx.log.warn({ err: error }, 'it could not be looked who may stay connected')
    }
  }

  async #sweep(): Promise<void> {
    if (!this.#ctx.node.isLeader) return
    await endOrphanedSessions(this.#ctx, graceMs).catch((error) =>
      this.#ctx.log.warn({ err: error }, 'sessions of dead processes could not be ended'),
    )
  }
}

/** What clients ask for when they have subscribed to all else (runtime contract 1.5). */
function isCurrentUserRelay(destination: string): boolean {
  const { plain } = readDestination(destination)
  return plain === currentUserHypermedia.relays.self.pattern || plain === currentUserAlias.pattern
}
