// The sessions of this process: connected ones, and detached ones that may still resume.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Alarm } from '#clock/clock.ts'
import type { Context } from '#context.ts'
import { detachSession } from '#domain/sessions/detach-session.ts'
import { endSession } from '#domain/sessions/end-session.ts'
import { reclaimSessions } from '#domain/sessions/reclaim-sessions.ts'
import type { StartedSession } from '#domain/sessions/start-session.ts'
import { ChatError, isDatabaseAway, withoutWords } from '#errors.ts'
import type { Hub, OnMissed } from '#realtime/hub.ts'
import { type Connection, Session } from '#realtime/sessions/session.ts'
import type { Generation } from '#wire/generations.ts'
import type { BaseUrls } from '#wire/stompx.ts'

/** How long a user stays online without a connection: longer than clients wait before they reconnect (contract 8.3). */
export const graceMs = 8_000
/** How long to wait before the state of a session that could not be saved is saved again. */
const retryMs = 2_000
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
  #isClosing = false

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

  /** The sessions that have a connection. */
  connected(): Session[] {
    return [...this.#sessions.values()].filter(({ connection }) => connection)
  }

  /** Call before closing the connections: their sessions may resume in another process. */
  stop(): void {
    this.#isClosing = true
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
    if (wasEnding || noting) this.#ctx.later(Promise.resolve(noting).then(() => this.reclaim([session])))
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
    session.detach(this.#hub.late.of(session))
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
        }, retryMs).unref()
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
    session.detach(this.#hub.late.of(session))
    connection.terminate()
  }

  /** Marks sessions as connected. Those that have ended meanwhile are disconnected, so that their clients resume them. */
  async reclaim(sessions: Session[]): Promise<void> {
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
}
