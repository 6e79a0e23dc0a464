// Groups users who connect at the same time: what takes a dozen round trips for one takes as many for a crowd. The same
// goes for their next requests: for themselves, and for missed events. A crowd uses few database connections at a time,
// and leaves the others to those who send messages.
import type { Database } from '#data/database.ts'
import { eventsForEach, type Missed } from '#data/events/outbox.ts'
import { type GroupCommit, together } from '#data/group-commit.ts'
import {
  type Arrived,
  type ConnectClaims,
  type Found,
  findClaimants,
  findOwnUsers,
  insertSessions,
  type NewSession,
  type OwnUser,
  resumeSessions,
} from '#data/users/arrivals.ts'
import { lockUsers } from '#data/users/session-locks.ts'
import { loadRelations, type RelationsOf } from '#domain/sessions/load-relations.ts'
import type { Relations } from '#domain/sessions/relations.ts'
import type { CommittedEvent, EventDraft } from '#resources/events.ts'
import type { User } from '#resources/user.ts'

/** A user to let in: with a new session, or with a resumed one. */
export type Arrival = { applicationId: number; userId: number; traceparent?: string | undefined } & (
  | { begins: NewSession }
  | { goesOn: { id: number; key: string; isVouched: boolean } }
)

/** Each session may have missed thousands of events, which are all in memory at once. */
const replaysMax = 16

/** The result; undefined if the user was banned or deleted meanwhile, 'held up' if their row is locked. */
type Outcome = Arrived | undefined | 'held up'

export class Arrivals {
  readonly #db: Database
  readonly #node: () => number
  readonly #found: GroupCommit<ConnectClaims, Found>
  readonly #arrived: GroupCommit<Arrival, Outcome>
  readonly #relations: GroupCommit<RelationsOf, Relations>
  readonly #users: GroupCommit<OwnUser, User | undefined>
  readonly #missed: GroupCommit<Missed, CommittedEvent[] | undefined>

  /** @param node returns the number of this process */
  constructor(db: Database, node: () => number) {
    this.#db = db
    this.#node = node
    this.#found = together((claims) => findClaimants(db, claims))
    this.#arrived = together((arrivals) => this.#letIn(arrivals, { waits: false }))
    this.#relations = together((wanted) => loadRelations(db, wanted))
    this.#users = together((wanted) => findOwnUsers(db, wanted))
    this.#missed = together((missed) => eventsForEach(db, missed), replaysMax)
  }

  /** Finds the application, user and session of a client that connects. */
  find(claims: ConnectClaims): Promise<Found> {
    return this.#found.submit(claims)
  }

  /** Begins or resumes a session. @returns undefined if the user was banned or deleted meanwhile */
  async arrive(arrival: Arrival): Promise<Arrived | undefined> {
    const arrived = await this.#arrived.submit(arrival)
    if (arrived !== 'held up') return arrived
    // If somebody else holds a user's lock, only that user waits, alone.
    const [late] = await this.#letIn([arrival], { waits: true })
    return late === 'held up' ? undefined : late
  }

  /** Returns what decides about a user's topics and events; see {@link loadRelations}. */
  relations(wanted: RelationsOf): Promise<Relations> {
    return this.#relations.submit(wanted)
  }

  /** Returns the user who asks for themselves; undefined if deleted. */
  user(wanted: OwnUser): Promise<User | undefined> {
    return this.#users.submit(wanted)
  }

  /** Returns the events that a session missed; see {@link eventsForEach}. */
  missed(missed: Missed): Promise<CommittedEvent[] | undefined> {
    return this.#missed.submit(missed)
  }

  #letIn(arrivals: Arrival[], { waits }: { waits: boolean }): Promise<Outcome[]> {
    return this.#db.transact(async (tx) => {
      const userIds = [...new Set(arrivals.map(({ userId }) => userId))]
      const locked = await lockUsers(tx, userIds, { sessions: 'begin', waits })
      const free = arrivals.filter(({ userId }) => locked.has(userId))
      const begun = free.flatMap((each) => ('begins' in each ? each.begins : []))
      const goingOn = free.flatMap((each) => ('goesOn' in each ? each.goesOn : []))
      const arrived = [
        ...(await insertSessions(tx, this.#node(), begun)),
        ...(await resumeSessions(tx, this.#node(), goingOn)),
      ]
      const byKey = new Map(arrived.map((each) => [each.key, each]))
      const outcomes: Outcome[] = []
      const events: EventDraft[] = []
      const online = new Set<number>()
      for (const arrival of arrivals) {
        const { userId } = arrival
        const found = byKey.get('begins' in arrival ? arrival.begins.key : arrival.goesOn.key)
        const cameOnline = found?.cameOnline === true && !online.has(userId)
        if (cameOnline) online.add(userId)
        const isHeldUp = !waits && !locked.has(userId)
        outcomes.push(found ? { ...found, cameOnline } : isHeldUp ? 'held up' : undefined)
        if (found) events.push(...eventsOf(arrival, found.id, cameOnline))
      }
      await tx.emit(...events)
      return outcomes
    })
  }
}

function eventsOf(arrival: Arrival, sessionId: number, cameOnline: boolean): EventDraft[] {
  const { applicationId, userId, traceparent } = arrival
  const payload = { userId, ...(traceparent !== undefined && { traceparent }) }
  return [
    ...(cameOnline
      ? [{ type: 'user.presence.changed' as const, applicationId, payload: { ...payload, online: true } }]
      : []),
    ...('begins' in arrival
      ? [{ type: 'user.session.started' as const, applicationId, payload: { ...payload, sessionId } }]
      : []),
  ]
}
