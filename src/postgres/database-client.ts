import pg from 'pg'

/** A client of the database that its `connectionString` names, in which pg decodes neither `/`, `?`, `#` nor `+`. */
export class DatabaseClient extends pg.Client {
  declare private readonly connectionParameters: { database?: string }

  constructor(config: pg.ClientConfig = {}) {
    const url = new URL(config.connectionString ?? '')
    // With a space anywhere in the URL, pg would take what is encoded for what is meant.
    super({ ...config, connectionString: url.href })
    const database = decodeURIComponent(url.pathname.slice(1))
    if (database === '') return // then that of PGDATABASE, or the one named like the user
    this.connectionParameters.database = database
    Object.assign(this, { database })
  }
}
