// This process among those that share the database: one connection by which the others see that it lives, and by
// which one of them at a time is the leader, who tells events in their order.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { BaseLogger } from 'pino'

/** First keys of our advisory locks; the second is a node's id, or nothing. */
const locks = { node: 0x6e6f_6465, leader: 0x6c65_6164 }

const retryMs = 500

export class Node {
  readonly #url: string
  readonly #log: Pick<BaseLogger, 'warn' | 'info'>
  #client: pg.Client | undefined
  #state: 'starting' | 'follower' | 'leader' | 'lost' | 'closed' = 'starting'
  #id = 0
  #installation = ''

  constructor(url: string, log: Pick<BaseLogger, 'warn' | 'info'>) {
    this.#url = url
    this.#log = log
  }

  /** Names the process in `user_session.node`; 0 before it has started. */
  get id(): number {
    return this.#id
  }

  /** The same for all processes on one database, and for no others. */
  get installation(): string {
    return this.#installation
  }

  get isLeader(): boolean {
    return this.#state === 'leader'
  }

  /** Takes an id, and the lead if nobody has it. */
  async start(): Promise<void> {
    await this.#connect()
    await this.tryToLead()
  }

  /** Whether this process leads, now that it has asked. */
  async tryToLead(): Promise<boolean> {
    if (this.#state !== 'follower' || !this.#client) return this.isLeader
    const client = this.#client
    const { rows } = await client
      .query<{ leads: boolean }>('select pg_try_advisory_lock($1, 0) as leads', [locks.leader])
      .catch(() => ({ rows: [] }))
    if (rows[0]?.leads && this.#client === client && this.#state === 'follower') {
      this.#state = 'leader'
      this.#log.info({ node: this.#id }, 'this process tells the events')
    }
    return this.isLeader
  }

  /** Gives the lead to others. */
  async close(): Promise<void> {
    this.#state = 'closed'
    await this.#client?.end().catch(() => {})
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'chatterie node',
      keepAlive: true,
    })
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    await client.connect()
    if (this.#id === 0) {
      const { rows } = await client.query<{ id: number; installation: string }>(`
        select nextval('node_id')::int as id,
               (select id from _prisma_migrations order by started_at limit 1) || ':' || current_database() as installation`)
      this.#id = rows[0]?.id ?? 0
      this.#installation = rows[0]?.installation ?? ''
    }
    await client.query('select pg_advisory_lock($1, $2)', [locks.node, this.#id])
    if (this.#state === 'closed') await client.end()
    else {
      this.#client = client
      this.#state = 'follower'
    }
  }

  /** Others may lead by now. The id stays, so that its sessions stay this process's own. */
  #lost(client: pg.Client): void {
    if (this.#state === 'closed' || this.#client !== client) return
    this.#client = undefined
    this.#state = 'lost'
    void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    while (this.#state === 'lost') {
      await sleep(retryMs, undefined, { ref: false })
      await this.#connect().catch((error) => this.#log.warn({ err: error }, 'the database is away'))
    }
    await this.tryToLead()
  }
}

/** SQL text: whether the process with this id lives, as its lock shows. */
export const nodeLives = (id: string) => `exists (
  select from pg_locks l
  where l.locktype = 'advisory' and l.classid = ${locks.node} and l.objid = ${id}::oid and l.objsubid = 2
    and l.granted and l.database = (select oid from pg_database where datname = current_database()))`
