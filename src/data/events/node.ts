// This process among those that share the database. One connection shows the others that it is alive and lets one of
// them at a time hold the lease. The leader takes events and publishes them in order.
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { BaseLogger } from 'pino'
import type { DatabaseUrl } from '#data/database.ts'
import { DatabaseClient } from '#postgres/database-client.ts'

/** First keys of our advisory locks; the second is a node's id, or 0. */
const locks = { node: 0x6e6f_6465, take: 0x7461_6b65 }

const retryMs = 500
/** How long to wait for a connection, and for the answer to a statement on it. */
const patienceMs = 10_000
/** How long to wait for this process's own lock, which a broken connection holds until Postgres notices the break. */
const lockMs = 2_000

/** A leader that does not renew its lease for this long is replaced. */
const leaseMs = 2_000
/** How often the leader renews the lease and the others check whether it is free. */
const beatMs = 400

/** The right to take events. */
export interface Lead {
  node: number
  /** Larger than the term of any earlier leader. */
  term: number
}

export class Node {
  readonly #url: DatabaseUrl
  readonly #log: Pick<BaseLogger, 'warn' | 'info'>
  readonly #onLead: (() => void)[] = []
  readonly #onReturn: (() => void)[] = []
  #client: pg.Client | undefined
  #state: 'starting' | 'follower' | 'leader' | 'lost' | 'closed' = 'starting'
  #id = 0
  #installation = ''
  #term = 0
  /** When the lease ends by this process's own clock, counted from when it was requested. */
  #leadsUntil = 0
  /** Whether this process is stopping; it then no longer asks for the lease. */
  #hasResigned = false
  #beats: NodeJS.Timeout | undefined
  #isBeating = false
  #asking: Promise<boolean> = Promise.resolve(false)

  constructor(url: DatabaseUrl, log: Pick<BaseLogger, 'warn' | 'info'>) {
    this.#url = url
    this.#log = log
  }

  /** Identifies the process in `user_session.node`; 0 before it has started. */
  get id(): number {
    return this.#id
  }

  /** The same for all processes on one database, and different for others. */
  get installation(): string {
    return this.#installation
  }

  /**
   * The lead of this process; undefined if it does not lead, or was paused so long that another process may lead now.
   */
  get lead(): Lead | undefined {
    const leads = this.#state === 'leader' && performance.now() < this.#leadsUntil
    return leads ? { node: this.#id, term: this.#term } : undefined
  }

  get isLeader(): boolean {
    return this.lead !== undefined
  }

  /** Draws an id, and takes the lead if it is free. */
  async start(): Promise<void> {
    await this.#connect()
    await this.tryToLead()
    this.#beats = setInterval(() => void this.#beat(), beatMs).unref()
  }

  /** Registers a listener that is called each time this process takes the lead. */
  onLead(listener: () => void): void {
    this.#onLead.push(listener)
  }

  /** Registers a listener that is called when a broken connection is replaced: others took this process for dead. */
  onReturn(listener: () => void): void {
    this.#onReturn.push(listener)
  }

  /** Takes the lead if it is free. @returns whether this process leads */
  tryToLead(): Promise<boolean> {
    // One request at a time: a second one would begin another term, of which this process would not know.
    const ask = () => this.#askForLead()
    this.#asking = this.#asking.then(ask, ask)
    return this.#asking
  }

  async #askForLead(): Promise<boolean> {
    const client = this.#client
    if (this.#state !== 'follower' || this.#hasResigned || !client) return this.isLeader
    const askedAt = performance.now()
    const { rows } = await client
      .query<{ term: string | null; ended: boolean }>(leadStatement, [this.#id])
      .catch((error) => ({ rows: [], failed: endIfSilent(client, error) }))
    const [row] = rows
    if (row?.ended) {
      await sleep(endMs, undefined, { ref: false })
      return this.#askForLead()
    }
    if (!row?.term || this.#client !== client || this.#state !== 'follower') return this.isLeader
    this.#term = Number(row.term)
    this.#leadsUntil = askedAt + leaseMs
    this.#state = 'leader'
    this.#log.info({ node: this.#id, term: this.#term }, 'this process publishes the events')
    for (const listener of this.#onLead) listener()
    return this.isLeader
  }

  /** Becomes a follower after the database has reported that another process leads. */
  follow({ term }: Lead): void {
    if (this.#state !== 'leader' || this.#term !== term) return
    this.#state = 'follower'
    this.#log.info({ node: this.#id, term }, 'another process publishes the events')
  }

  /** Gives up the lead permanently. */
  async resign(): Promise<void> {
    this.#hasResigned = true
    if (this.#state !== 'leader') return
    this.#state = 'follower'
    await this.#client?.query(resignStatement, [this.#id, this.#term]).catch(() => {})
  }

  async close(): Promise<void> {
    clearInterval(this.#beats)
    await this.resign()
    this.#state = 'closed'
    await this.#client?.end().catch(() => {})
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return
    this.#isBeating = true
    if (this.#state === 'leader') await this.#renew()
    else await this.tryToLead()
    this.#isBeating = false
  }

  async #renew(): Promise<void> {
    const lead = { node: this.#id, term: this.#term }
    const askedAt = performance.now()
    // If the database is unreachable, the lease expires by itself.
    const client = this.#client
    const renewed = await client
      ?.query({ ...renewStatement, values: [lead.node, lead.term] })
      .catch((error) => endIfSilent(client, error))
    if (renewed === undefined || this.#term !== lead.term) return
    if (renewed.rowCount === 0) this.follow(lead)
    else this.#leadsUntil = askedAt + leaseMs
  }

  async #connect(): Promise<void> {
    const client = new DatabaseClient({
      connectionString: typeof this.#url === 'string' ? this.#url : this.#url(),
      application_name: 'chatterie node',
      keepAlive: true,
      connectionTimeoutMillis: patienceMs,
      query_timeout: patienceMs,
    })
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    try {
      await client.connect()
      await this.#begin(client)
    } catch (error) {
      client.end().catch(() => {}) // otherwise it might keep the lock, for which the next attempt would wait
      throw error
    }
    if (this.#state === 'closed') await client.end()
    else {
      this.#client = client
      this.#state = 'follower'
    }
  }

  async #begin(client: pg.Client): Promise<void> {
    if (this.#id === 0) {
      const { rows } = await client.query<{ id: number; installation: string }>(`
        select nextval('node_id')::int as id,
               (select id from _prisma_migrations order by started_at limit 1) || ':' || current_database() as installation`)
      this.#id = rows[0]?.id ?? 0
      this.#installation = rows[0]?.installation ?? ''
    }
    await client.query(`
      begin; set local lock_timeout = ${lockMs};
      select ${noticeLoss}, pg_advisory_lock(${locks.node}, ${this.#id}); commit`)
    await client.query(beginStatement)
  }

  /** Another process may lead by now. The id is kept, so that its sessions still belong to this process. */
  #lost(client: pg.Client): void {
    if (this.#state === 'closed' || this.#client !== client) return
    this.#client = undefined
    this.#state = 'lost'
    void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    while (this.#state === 'lost') {
      await sleep(retryMs, undefined, { ref: false })
      await this.#connect().catch((error) =>
        this.#log.warn(
          { err: error },
          'this process could not reconnect to the database, which will be retried',
        ),
      )
    }
    if (!this.#client) return
    for (const listener of this.#onReturn) listener()
    await this.tryToLead()
  }
}

/** Ends a connection that did not answer in time: the database may be gone without having closed it. */
function endIfSilent(client: pg.Client, error: Error): undefined {
  if (error.message === 'Query read timeout') client.end().catch(() => {})
}

/**
 * SQL text: columns of a `select` on a connection by whose lock others see that a process is alive. If the process's
 * host or the network fails without closing the connection, Postgres notices within 15 s; by default it takes 2 h.
 */
export const noticeLoss = `
  set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '2', false), set_config('tcp_user_timeout', '15000', false)`

/** SQL text: whether the process with this id is alive, as its advisory lock shows. */
export const nodeLives = (id: string) => `exists (
  select from pg_locks l
  where l.locktype = 'advisory' and l.classid = ${locks.node} and l.objid = ${id}::oid and l.objsubid = 2
    and l.granted and ${isHere('l')})`

const isHere = (lock: string) =>
  `${lock}.database = (select oid from pg_database where datname = current_database())`

// -------------------------------------------------------------------------------------------- the lease

/**
 * SQL text: part of a statement that takes events. `lead` has a row if `node` leads in this `term`; until the commit
 * nobody else can get the lease. The advisory lock beside it shows which backend holds the row.
 */
export const leadPart = (node: string, term: string) => `
  lead as materialized (
    select pg_advisory_xact_lock_shared(${locks.take}, 0)
    from lease where name = 'events' and node = ${node} and term = ${term} for update
  )`

const lasting = `clock_timestamp() + interval '${leaseMs} milliseconds'`

const beginStatement = `
  insert into lease (name, node, term, expires) values ('events', 0, 0, '-infinity') on conflict do nothing`

/** How long to wait for a connection that was terminated to end. */
const endMs = 20

// Does not wait for a batch that a stopped leader is taking: a backend that waits for its client is terminated.
const leadStatement = `
  with free as (
    select name from lease
    where name = 'events' and (expires < now() or node = $1 or not ${nodeLives('lease.node')})
    for update skip locked
  ), won as (
    update lease set node = $1, term = lease.term + 1, expires = ${lasting}
    from free where lease.name = free.name returning lease.term
  ), ended as (
    select pg_terminate_backend(taking.pid) as ended
    from lease, pg_locks taking join pg_stat_activity a on a.pid = taking.pid
    where lease.name = 'events' and lease.expires < now() and not exists (select from free)
      and taking.locktype = 'advisory' and taking.classid = ${locks.take} and taking.objsubid = 2 and taking.granted
      and ${isHere('taking')} and a.wait_event_type = 'Client'
  )
  select (select term from won) as term, exists (select from ended where ended) as ended`

const renewStatement = {
  name: 'renew-lease',
  text: `update lease set expires = ${lasting} where name = 'events' and node = $1 and term = $2`,
}

const resignStatement = `
  update lease set expires = '-infinity' where name = 'events' and node = $1 and term = $2`
