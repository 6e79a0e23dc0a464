// The sessions of this process: connected ones, and detached ones that may still resume.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Alarm } from '#clock/clock.ts'
import type { Context } from '#context.ts'
import { mayStay } from '#domain/access/user.ts'
import { connectRulesOf } from '#domain/sessions/connect-rules-of.ts'
import { detachSession } from '#domain/sessions/detach-session.ts'
import { endOrphanedSessions } from '#domain/sessions/end-orphaned-sessions.ts'
import { endSession } from '#domain/sessions/end-session.ts'
import { keepAcknowledged } from '#domain/sessions/keep-acknowledged.ts'
import { reclaimSessions } from '#domain/sessions/reclaim-sessions.ts'
import type { StartedSession } from '#domain/sessions/start-session.ts'
import { lateBansOf } from '#domain/users/bans/late-bans-of.ts'
import { ChatError, isDatabaseAway, withoutWords } from '#errors.ts'
import type { Hub, OnMissed } from '#realtime/hub.ts'
import { type Connection, Session } from '#realtime/session.ts'
import type { Generation } from '#wire/generations.ts'
import type { BaseUrls } from '#wire/stompx.ts'

/** How long a user stays online without a connection: longer than clients wait before they reconnect (contract 8.3). */
const graceMs = 8_000
/** How often acknowledged positions are saved, in case this process dies. */
const keepMs = 2_000
const sweepMs = 5_000
/** How often the positions of idle sessions are saved, long before the log deletes their events. */
const keepIdleMs = 5 * 60_000
/** How often this process checks whether applications still admit the connected users. */
const admitMs = 2_000
/** How long another process may take to release a session. */
const releaseMs = 1_000
/** Maximum number of detached sessions kept in memory; the oldest are dropped first. */
const detachedMax = 10_000

/** Not an AccessDeniedError, so the official client reconnects with its session. */
const interrupted = new ChatError('InternalServerError', 'Something went wrong on the server')

export class Sessions {
  readonly #ctx: Context
  readonly #hub: Hub
  readonly #askForRelease: (key: string) => void
  /** Sessions by key. */
  readonly #sessions = new Map<string, Session>()
  readonly #endings = new Map<string, Alarm>()
  /** Writes to the database in progress, by session key. */
  readonly #noting = new Map<string, Promise<void>>()
  readonly #releases = new Map<string, () => void>()
  readonly #timers: NodeJS.Timeout[] = []
  #isClosing = false
  /** How many more times to look for sessions that others marked or ended, because they took this process for dead. */
  #reclaimsLeft = 0

  /** @param askForRelease asks the process that holds a session to release it; see {@link released} */
  constructor(ctx: Context, hub: Hub, askForRelease: (key: string) => void) {
    this.#ctx = ctx
    this.#hub = hub
    this.#askForRelease = askForRelease
  }

  get isEmpty(): boolean {
    return this.#sessions.size === 0
  }

  /** Number of sessions in this process. */
  get counts(): { connected: number; detached: number } {
    let connected = 0
    for (const { connection } of this.#sessions.values()) if (connection) connected += 1
    return { connected, detached: this.#sessions.size - connected }
  }

  start(): void {
    this.#ctx.node.onReturn(() => {
      this.#reclaimsLeft = 5 // those who took it for dead may still be ending them
    })
    this.#timers.push(
      setInterval(() => this.#ctx.later(this.#reclaimAll()), keepMs).unref(),
      setInterval(() => this.#ctx.later(this.#keepAcknowledged()), keepMs).unref(),
      setInterval(() => this.#ctx.later(this.endOrphans()), sweepMs).unref(),
      setInterval(() => this.#ctx.later(this.#endRefusedSessions()), admitMs).unref(),
    )
  }

  /** Stops the timers. Call before closing the connections: their sessions may resume in another process. */
  stop(): void {
    this.#isClosing = true
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** Cancels the pending ends of sessions. Call after the connections are closed. */
  close(): void {
    for (const ending of this.#endings.values()) ending.cancel()
  }

  // ------------------------------------------------------------------------------ opening and closing

  /** Attaches a connection to a new or resumed session, and returns the session. */
  open(
    connection: Connection,
    started: StartedSession,
    baseUrls: BaseUrls,
    generation?: Generation,
  ): Session {
    const { key, id, applicationId, user, ackedPosition, isVouched, topics, isResumed } = started
    this.#endings.get(key)?.cancel()
    const wasEnding = this.#endings.delete(key)
    const known = this.#sessions.get(key)
    // Of two connections that resumed the session at the same time, the client uses the one that is still open.
    if (known?.connection && connection.state === 'closed') return known
    const facts = { id, key, applicationId, userId: user.id, ackedPosition, isVouched }
    const session = known ?? new Session(facts, this.#hub, this.#ctx.clock, topics, isResumed)
    if (isResumed && session !== known) session.isFromElsewhere = true
    this.#disconnect(session)
    session.attach(connection, baseUrls, generation)
    // The loss of a connection that was not there yet at the release may be saved after the resumption.
    const noting = this.#noting.get(key)
    if (wasEnding || noting) this.#ctx.later(Promise.resolve(noting).then(() => this.#reclaim([session])))
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    this.#hub.add(session)
    return session
  }

  /** Handles a closed connection: the session ends at once on DISCONNECT, otherwise if it does not resume in time. */
  closed(connection: Connection, how: 'disconnect' | 'lost', session = connection.session): void {
    if (session.connection !== connection) return // it has a newer connection
    this.#hub.remove(session)
    const { acknowledged } = session
    session.detach()
    const { id, key } = session.facts
    if ((this.#sessions.get(key) ?? session) !== session) return // the client has already resumed it
    const topics = session.owed.toJSON()
    if (how === 'disconnect') {
      this.#sessions.delete(key)
      this.#note(key, () => this.#end(session))
      return
    }
    this.#note(key, () => detachSession(this.#ctx, id, acknowledged, topics))
    this.#endLater(session)
    if (this.#sessions.size > detachedMax) this.#forgetDetached()
  }

  /** Ends a session that was released for a connection which then failed, unless it resumes in time. */
  notResumed(key: string): void {
    const session = this.#sessions.get(key)
    if (session && !this.#endings.has(key)) this.#endLater(session)
  }

  #endLater(session: Session): void {
    const { key } = session.facts
    if (this.#isClosing || session.connection) return
    const end = () => this.#note(key, () => this.#end(session))
    this.#endings.set(key, this.#ctx.clock.after(graceMs, end))
  }

  /** Saves a session's state. While the database is away, retries until the session reconnects or the process stops. */
  #note(key: string, save: () => Promise<void>): void {
    const saving = save()
      .catch((error) => {
        if (!isDatabaseAway(error)) throw error
        this.#ctx.log.warn({ err: error }, 'the state of a session could not be saved, which will be retried')
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
   * Disconnects sessions to which an event could not be delivered, so that they reconnect and receive it then. If
   * `isLast`, because that failed as well or cannot succeed, ends them.
   */
  readonly missed: OnMissed = ({ position, applicationId }, sessions, { error, isLast }) => {
    if (sessions.length === 0) return
    this.#ctx.metrics.count('sessions closed', sessions.length)
    const facts = { position, applicationId, sessions: sessions.length }
    const text = 'sessions were closed: an event cannot be delivered to them'
    if (error === undefined) this.#ctx.log.info(facts, text)
    else this.#ctx.log.error({ ...facts, err: withoutWords(error) }, text)
    for (const session of sessions) {
      try {
        session.interrupt()
        if (isLast) this.giveUp(session, 'An event could not be delivered: start a new session')
        else session.connection?.fail(interrupted)
      } catch (fault) {
        const about = { err: withoutWords(fault), session: session.facts.id }
        this.#ctx.log.error(about, 'a session could not be closed')
      }
    }
  }

  /** Ends all sessions of an application, including detached ones. */
  dismiss(applicationId: number, message: string): void {
    for (const session of this.#sessions.values()) {
      if (session.facts.applicationId === applicationId) this.giveUp(session, message)
    }
  }

  /** Ends a session that would otherwise lose events or is no longer admitted. The client has to start a new one. */
  giveUp(session: Session, message: string): void {
    this.#sessions.delete(session.facts.key)
    session.connection?.fail(new ChatError('AccessDeniedError', message))
  }

  // -------------------------------------------------------------------------------------- taking over

  /**
   * Releases a session in whichever process holds it.
   * @param node the process that holds it
   * @returns whether the session may have been held
   */
  async takeOver(key: string, node: number): Promise<boolean> {
    const wasHere = await this.#release(key)
    if (node === this.#ctx.node.id) return wasHere
    this.#sessions.delete(key) // it resumed in another process meanwhile, so the state here is outdated
    if (!this.#ctx.bus.isShared) return wasHere
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#releases.set(key, resolve)
    this.#askForRelease(key)
    await Promise.race([promise, sleep(releaseMs, undefined, { ref: false })])
    this.#releases.delete(key)
    return true
  }

  /** Releases a session that another process claims. @returns whether this process held it */
  async letGo(key: string): Promise<boolean> {
    const session = this.#sessions.get(key)
    const wasHere = await this.#release(key)
    this.#sessions.delete(key) // it resumes in the other process
    if (session) this.#endLater(session) // has no effect if it does
    return wasHere
  }

  /** Called when another process has released a session. */
  released(key: string): void {
    this.#releases.get(key)?.()
  }

  /** Detaches a session and saves its state. @returns whether this process held it */
  async #release(key: string): Promise<boolean> {
    const session = this.#sessions.get(key)
    if (!session) return false
    this.#endings.get(key)?.cancel()
    this.#endings.delete(key)
    await this.#noting.get(key)
    const { acknowledged } = session
    this.#disconnect(session)
    await detachSession(this.#ctx, session.facts.id, acknowledged, session.owed.toJSON())
    return true
  }

  #disconnect(session: Session): void {
    const { connection } = session
    if (!connection) return
    this.#hub.remove(session)
    session.detach()
    connection.terminate()
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
      session.dropOverdue()
      if (session.isOverwhelmed) {
        this.giveUp(session, 'The client does not acknowledge its messages: start a new session')
      }
    }
    await keepAcknowledged(
      this.#ctx,
      dirty.map(({ facts, acknowledged }) => ({ id: facts.id, position: acknowledged })),
    ).catch((error) => {
      for (const session of dirty) session.isDirty = true
      this.#ctx.log.warn({ err: error }, 'acknowledged positions could not be saved, which will be retried')
    })
  }

  async #reclaimAll(): Promise<void> {
    if (this.#reclaimsLeft === 0) return
    this.#reclaimsLeft -= 1
    await this.#reclaim([...this.#sessions.values()]).catch((error) => {
      this.#reclaimsLeft += 1
      this.#ctx.log.warn({ err: error }, 'sessions could not be reclaimed, which will be retried')
    })
  }

  /** Marks sessions as connected. Those that have ended meanwhile are disconnected, so that their clients resume them. */
  async #reclaim(sessions: Session[]): Promise<void> {
    const connected = sessions.flatMap(({ facts, connection }) =>
      connection ? [{ id: facts.id, connection }] : [],
    )
    const kept = await reclaimSessions(
      this.#ctx,
      connected.map(({ id }) => id),
    )
    const ended = connected.filter(({ id }) => !kept.has(id))
    this.#ctx.metrics.count('sessions closed', ended.length)
    for (const { connection } of ended) connection.fail(interrupted)
  }

  /** Ends the sessions of users who are no longer admitted. */
  async #endRefusedSessions(): Promise<void> {
    const connected = [...this.#sessions.values()].filter(({ connection }) => connection)
    if (connected.length === 0) return
    const ids = [...new Set(connected.map(({ facts }) => facts.applicationId))]
    try {
      const connectRules = await connectRulesOf(this.#ctx, ids)
      for (const session of connected) {
        const { applicationId, isVouched } = session.facts
        const rules = connectRules.get(applicationId)
        if (!rules) this.giveUp(session, 'The application was deleted')
        else if (!mayStay(rules, isVouched)) this.giveUp(session, 'This application does not allow guests')
      }
      // Users who connected while they were being banned.
      for (const { userId, error } of await lateBansOf(this.#ctx, ids)) {
        for (const session of this.#hub.sessionsOf(userId)) this.giveUp(session, error.message)
      }
    } catch (error) {
      this.#ctx.log.warn({ err: error }, 'checking which users may stay connected failed')
    }
  }

  /** Ends the sessions of dead processes, if this process leads. */
  async endOrphans(): Promise<void> {
    if (!this.#ctx.node.isLeader) return
    await endOrphanedSessions(this.#ctx, graceMs).catch((error) =>
      this.#ctx.log.warn({ err: error }, 'sessions of dead processes could not be ended'),
    )
  }
}
