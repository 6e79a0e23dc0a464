// What is done now and then for the sessions of this process: positions are saved, sessions of users who are no longer
// admitted end, and so do those of dead processes.
import type { Context } from '#context.ts'
import { mayStay } from '#domain/access/user.ts'
import { connectRulesOf } from '#domain/sessions/connect-rules-of.ts'
import { endOrphanedSessions } from '#domain/sessions/end-orphaned-sessions.ts'
import { keepAcknowledged } from '#domain/sessions/keep-acknowledged.ts'
import { lateBansOf } from '#domain/users/bans/late-bans-of.ts'
import type { Hub } from '#realtime/hub.ts'
import { graceMs, type Sessions } from '#realtime/sessions/sessions.ts'

/** How often acknowledged positions are saved, in case this process dies. */
const keepMs = 2_000
/** How often the positions of idle sessions are saved, long before the log deletes their events. */
const keepIdleMs = 5 * 60_000
/** How often the leader looks for sessions of dead processes. */
const sweepMs = 5_000
/** How often this process checks whether applications still admit the connected users. */
const admitMs = 2_000
/** How often and how many times sessions are reclaimed: those who took this process for dead may still be ending them. */
const reclaimMs = 2_000
const reclaimsMax = 5

export class Housekeeping {
  readonly #ctx: Context
  readonly #hub: Hub
  readonly #sessions: Sessions
  readonly #timers: NodeJS.Timeout[] = []
  /** How many more times to look for sessions that others marked or ended, because they took this process for dead. */
  #reclaimsLeft = 0

  constructor(ctx: Context, hub: Hub, sessions: Sessions) {
    this.#ctx = ctx
    this.#hub = hub
    this.#sessions = sessions
  }

  start(): void {
    this.#ctx.node.onReturn(() => {
      this.#reclaimsLeft = reclaimsMax
    })
    this.#every(keepMs, () => this.#keepAcknowledged())
    this.#every(reclaimMs, () => this.#reclaimAll())
    this.#every(sweepMs, () => this.endOrphans())
    this.#every(admitMs, () => this.#endRefusedSessions())
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  #every(ms: number, work: () => Promise<void>): void {
    this.#timers.push(setInterval(() => this.#ctx.later(work()), ms).unref())
  }

  async #keepAcknowledged(): Promise<void> {
    const now = this.#ctx.clock.now()
    const dirty = this.#sessions
      .connected()
      .filter(({ isDirty, keptAt }) => isDirty || now - keptAt > keepIdleMs)
    if (dirty.length === 0) return
    for (const session of dirty) {
      session.isDirty = false
      session.keptAt = now
      session.dropOverdue()
      if (session.isOverwhelmed) {
        this.#sessions.giveUp(session, 'The client does not acknowledge its messages: start a new session')
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
    await this.#sessions.reclaim(this.#sessions.connected()).catch((error) => {
      this.#reclaimsLeft += 1
      this.#ctx.log.warn({ err: error }, 'sessions could not be reclaimed, which will be retried')
    })
  }

  /** Ends the sessions of users who are no longer admitted. */
  async #endRefusedSessions(): Promise<void> {
    const connected = this.#sessions.connected()
    if (connected.length === 0) return
    const ids = [...new Set(connected.map(({ facts }) => facts.applicationId))]
    try {
      const connectRules = await connectRulesOf(this.#ctx, ids)
      for (const session of connected) {
        const { applicationId, isVouched } = session.facts
        const rules = connectRules.get(applicationId)
        if (!rules) this.#sessions.giveUp(session, 'The application was deleted')
        else if (!mayStay(rules, isVouched))
          this.#sessions.giveUp(session, 'This application does not allow guests')
      }
      // Users who connected while they were being banned.
      for (const { userId, error } of await lateBansOf(this.#ctx, ids)) {
        for (const session of this.#hub.sessionsOf(userId)) this.#sessions.giveUp(session, error.message)
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
