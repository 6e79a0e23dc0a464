// The events of a database: a send is complete only when its events are published and offline members are notified.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const drainedMs = 60_000

export class Outbox {
  readonly #client: pg.Client

  static async open(databaseUrl: string): Promise<Outbox> {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    client.on('error', () => {}) // Postgres may stop before this client
    return new Outbox(client)
  }

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /** Resolves when a server has published all events and sent their notifications. */
  async drained(): Promise<void> {
    const deadline = Date.now() + drainedMs
    while (await this.#isWaiting()) {
      if (Date.now() > deadline) throw new Error('The events were not published in time')
      await sleep(2)
    }
  }

  async #isWaiting(): Promise<boolean> {
    const { rows } = await this.#client.query(
      'select exists (select from outbox_event) or exists (select from notification_task) as waiting',
    )
    return rows[0].waiting
  }

  close(): Promise<void> {
    return this.#client.end()
  }
}
