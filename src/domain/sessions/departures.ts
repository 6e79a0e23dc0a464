// Groups sessions that end at the same time: a failing network or a stopping process ends thousands at once, which one
// by one would take all database connections for seconds.
import type { Database } from '#data/database.ts'
import { type GroupCommit, together } from '#data/group-commit.ts'
import { type DetachedSession, detachSessions, endSessions } from '#data/users/departures.ts'
import { lockUsers } from '#data/users/session-locks.ts'
import { endedEvents } from '#domain/sessions/ended-events.ts'

export interface OpenSession {
  id: number
  applicationId: number
  userId: number
  /** The process that holds the session. */
  node: number
}

export class Departures {
  readonly #db: Database
  readonly #detached: GroupCommit<DetachedSession, undefined>
  readonly #ended: GroupCommit<OpenSession, 'ended' | 'held up'>

  constructor(db: Database) {
    this.#db = db
    this.#detached = together(async (sessions) => {
      await detachSessions(db, sessions)
      return sessions.map(() => undefined)
    })
    this.#ended = together((sessions) => this.#end(sessions, { waits: false }))
  }

  /** Marks a session's connection as lost; the session may be resumed. */
  detach(session: DetachedSession): Promise<void> {
    return this.#detached.submit(session)
  }

  /** Ends a session: its user leaves channels that no other session of theirs is in, and goes offline with the last. */
  async end(session: OpenSession): Promise<void> {
    // If somebody else holds a user's lock, only that user waits, alone.
    if ((await this.#ended.submit(session)) === 'held up') await this.#end([session], { waits: true })
  }

  #end(sessions: OpenSession[], { waits }: { waits: boolean }): Promise<('ended' | 'held up')[]> {
    return this.#db.transact(async (tx) => {
      const applications = new Map(sessions.map(({ userId, applicationId }) => [userId, applicationId]))
      const applicationOf = (userId: number) => applications.get(userId) ?? 0
      const locked = await lockUsers(tx, [...applications.keys()], { sessions: 'end', waits })
      const free = sessions.filter(({ userId }) => locked.has(userId))
      await tx.emit(...endedEvents(await endSessions(tx, free), applicationOf))
      return sessions.map(({ userId }) => (waits || locked.has(userId) ? 'ended' : 'held up'))
    })
  }
}
