// The sessions of this process: those with a connection, and those that may come back for one.
import type { Alarm } from '#clock/clock.ts'
import type { Context } from '#context.ts'
import { mayStay } from '#domain/access/user.ts'
import { detachSession } from '#domain/sessions/detach-session.ts'
import { endOrphanedSessions } from '#domain/sessions/end-orphaned-sessions.ts'
import { endSession } from '#domain/sessions/end-session.ts'
import { entrancesOf } from '#domain/sessions/entrances-of.ts'
import { keepAcknowledged } from '#domain/sessions/keep-acknowledged.ts'
import type { StartedSession } from '#domain/sessions/start-session.ts'
import { lateBansOf } from '#domain/users/bans/late-bans-of.ts'
import { ChatError, isDatabaseAway, withoutWords } from '#errors.ts'
import type { Hub, OnMissed } from '#realtime/hub.ts'
import { type Connection, Session } from '#realtime/session.ts'
import type { Generation } from '#wire/generations.ts'
import type { BaseUrls } from '#wire/stompx.ts'

/** How long a user stays online without a connection: longer than clients wait before they reconnect (contract 8.3). */
const graceMs = 8_000
/** How often acknowledged positions are kept, for the case that this process dies. */
const keepMs = 2_000
const sweepMs = 5_000
/** Sessions that are sent nothing have their positions kept this often, long before the log forgets them. */
const keepIdleMs = 5 * 60_000
/** How often it is looked whether applications still let in who is connected. */
const admitMs = 2_000
/** How long another process may take to let go of a session. */
const releaseMs = 1_000
/** Sessions without a connection that are remembered here; the oldest go first. */
const detachedMax = 10_000

/** Other than for an AccessDeniedError, the official client comes back with its session. */
const undeliverable = new ChatError('InternalServerError', 'Something went wrong on the server')

export class Sessions {
  readonly #ctx: Context
  readonly #hub: Hub
  readonly #askForRelease: (key: string) => void
  /** By key. */
  readonly #sessions = new Map<string, Session>()
  readonly #endings = new Map<string, Alarm>()
  /** By key of the session that is being written to the database. */
  readonly #noting = new Map<string, Promise<void>>()
  readonly #releases = new Map<string, () => void>()
  readonly #timers: NodeJS.Timeout[] = []
  #isClosing = false

  /** @param askForRelease asks whichever process holds a session to let it go; see {@link released} */
  constructor(ctx: Context, hub: Hub, askForRelease: (key: string) => void) {
    this.#ctx = ctx
    this.#hub = hub
    this.#askForRelease = askForRelease
  }

  get isEmpty(): boolean {
    return this.#sessions.size === 0
  }

  /** Sessions that this process knows. */
  get counts(): { connected: number; detached: number } {
    let connected = 0
    for (const { connection } of this.#sessions.values()) if (connection) connected += 1
    return { connected, detached: this.#sessions.size - connected }
  }

  start(): void {
    this.#timers.push(
      setInterval(() => this.#ctx.later(this.#keepAcknowledged()), keepMs).unref(),
      setInterval(() => this.#ctx.later(this.endOrphans()), sweepMs).unref(),
      setInterval(() => this.#ctx.later(this.#showOut()), admitMs).unref(),
    )
  }

  /** Before the connections are closed: their sessions may go on elsewhere. */
  stop(): void {
    this.#isClosing = true
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** After the connections are closed. */
  close(): void {
    for (const ending of this.#endings.values()) ending.cancel()
  }

  // ------------------------------------------------------------------------------------ coming and going

  /** Gives a session that was started, or goes on, its connection. */
  open(
    connection: Connection,
    started: StartedSession,
    baseUrls: BaseUrls,
    generation?: Generation,
  ): Session {
    const { key, id, applicationId, user, ackedPosition, isVouched, topics, isResumed } = started
    this.#endings.get(key)?.cancel()
    this.#endings.delete(key)
    const known = this.#sessions.get(key)
    const facts = { id, key, applicationId, userId: user.id, ackedPosition, isVouched }
    const session =
      isResumed && known && known.connection === undefined
        ? known
        : new Session(facts, this.#hub, this.#ctx.clock, topics, isResumed)
    if (isResumed && session !== known) session.isFromElsewhere = true
    session.attach(connection, baseUrls, generation)
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    this.#hub.add(session)
    return session
  }

  /** A connection is over; its session ends with it, or unless it comes back in time. */
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
      this.#note(key, () => this.#end(session))
      return
    }
    this.#note(key, () => detachSession(this.#ctx, id, acknowledged, topics))
    if (this.#isClosing) return
    this.#endings.set(
      key,
      this.#ctx.clock.after(graceMs, () => this.#note(key, () => this.#end(session))),
    )
    if (this.#sessions.size > detachedMax) this.#forgetDetached()
  }

  /** Notes in the database what became of a session; while that is away it is tried again, until the session goes on. */
  #note(key: string, save: () => Promise<void>): void {
    const saving = save()
      .catch((error) => {
        if (!isDatabaseAway(error)) throw error
        this.#ctx.log.warn({ err: error }, 'what became of a session could not be noted, and is tried again')
        setTimeout(() => {
          const isOver = this.#isClosing || this.#sessions.get(key)?.connection !== undefined
          if (!isOver) this.#note(key, save)
        }, keepMs).unref()
      })
      .finally(() => this.#noting.delete(key))
    this.#noting.set(key, saving)
    this.#ctx.later(saving)
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

  /**
   * Sessions that an event could not be delivered to lose their connection, and come back to get it once more; where
   * that fails as well, or cannot succeed, they end.
   */
  readonly missed: OnMissed = ({ position, applicationId }, sessions, { error, isLast }) => {
    if (sessions.length === 0) return
    this.#ctx.metrics.count('sessions closed', sessions.length)
    this.#ctx.log[error === undefined ? 'info' : 'error'](
      {
        ...(error !== undefined && { err: withoutWords(error) }),
        position,
        applicationId,
        sessions: sessions.length,
      },
      'sessions were closed: an event cannot be delivered to them',
    )
    for (const session of sessions) {
      try {
        session.interrupt()
        if (isLast) this.giveUp(session, 'An event could not be delivered: start a new session')
        else session.connection?.fail(undeliverable)
      } catch (fault) {
        this.#ctx.log.error(
          { err: withoutWords(fault), session: session.facts.id },
          'a session was not closed',
        )
      }
    }
  }

  /** Ends all sessions of an application, those that might come back too. */
  dismiss(applicationId: number, message: string): void {
    for (const session of this.#sessions.values()) {
      if (session.facts.applicationId === applicationId) this.giveUp(session, message)
    }
  }

  /** Rather than to lose events, the session ends. */
  giveUp(session: Session, message: string): void {
    this.#sessions.delete(session.facts.key)
    session.connection?.fail(new ChatError('AccessDeniedError', message))
  }

  // -------------------------------------------------------------------------------------- taking over

  /**
   * Lets go of the connection that a session had, wherever it is.
   * @param node the process that holds it
   * @returns whether there may have been one
   */
  async takeOver(key: string, node: number): Promise<boolean> {
    const wasHere = await this.#release(key)
    if (node === this.#ctx.node.id) return wasHere
    this.#sessions.delete(key) // it went on elsewhere, and nobody could say so here: what is known of it is out of date
    if (!this.#ctx.bus.isShared) return wasHere
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, releaseMs)
      this.#releases.set(key, () => {
        clearTimeout(timer)
        resolve()
      })
      this.#askForRelease(key)
    })
    this.#releases.delete(key)
    return true
  }

  /** Another process wants a session. @returns whether it was here */
  async letGo(key: string): Promise<boolean> {
    const wasHere = await this.#release(key)
    this.#sessions.delete(key) // it goes on elsewhere
    return wasHere
  }

  /** Another process has let go of a session. */
  released(key: string): void {
    this.#releases.get(key)?.()
  }

  /** @returns whether the session was here */
  async #release(key: string): Promise<boolean> {
    const session = this.#sessions.get(key)
    if (!session) return false
    this.#endings.get(key)?.cancel()
    this.#endings.delete(key)
    await this.#noting.get(key)
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
    const now = this.#ctx.clock.now()
    const dirty = [...this.#sessions.values()].filter(
      ({ isDirty, keptAt, connection }) => connection && (isDirty || now - keptAt > keepIdleMs),
    )
    if (dirty.length === 0) return
    for (const session of dirty) {
      session.isDirty = false
      session.keptAt = now
      if (session.isOverwhelmed) {
        this.giveUp(session, 'The client does not acknowledge its messages: start a new session')
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
        if (!entrance) this.giveUp(session, 'The application was deleted')
        else if (!mayStay(entrance, isVouched)) this.giveUp(session, 'This application lets no guests in')
      }
      // Who connected beside their ban.
      for (const userId of await lateBansOf(this.#ctx, ids)) {
        for (const session of this.#hub.sessionsOf(userId)) this.giveUp(session, 'The user is banned')
      }
    } catch (error) {
      this.#ctx.log.warn({ err: error }, 'it could not be looked who may stay connected')
    }
  }

  /** Sessions of processes that died. */
  async endOrphans(): Promise<void> {
    if (!this.#ctx.node.isLeader) return
    await endOrphanedSessions(this.#ctx, graceMs).catch((error) =>
      this.#ctx.log.warn({ err: error }, 'sessions of dead processes could not be ended'),
    )
  }
}
