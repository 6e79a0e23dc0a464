// What every use case receives.
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '#config.ts'
import { type Database, openDatabase } from '#data/database.ts'
import type { GroupCommit } from '#data/group-commit.ts'
import { type NewMessage, openSender, type Sent } from '#data/messages.ts'
import { openTokenCache, type TokenCache } from '#data/tokens.ts'

export interface Context {
  config: Config
  log: FastifyBaseLogger
  /** Reads, and `db.transact` for writes. */
  db: Database
  /** Sends of messages, committed in groups. */
  sender: GroupCommit<NewMessage, Sent>
  tokens: TokenCache
}

/** Opens what use cases need; closing `db` closes it all. */
export function openContext(config: Config, log: FastifyBaseLogger, databaseUrl: string): Context {
  const db = openDatabase(databaseUrl, (error) =>
    log.warn({ err: error }, 'an idle database connection failed'),
  )
  return { config, log, db, sender: openSender(db, db.eventsWritten), tokens: openTokenCache(db) }
}
