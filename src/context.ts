// What every use case receives.
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '#config.ts'
import { type Database, openDatabase } from '#data/database.ts'
import type { GroupCommit } from '#data/group-commit.ts'
import { openQueue, type Queue } from '#data/queue.ts'
import { type NewMessage, openSender, type Sent } from '#data/sending.ts'
import { openTokenCache, type TokenCache } from '#data/tokens.ts'
import { openVault, type Vault } from '#data/vault.ts'
import type { FileStore } from '#files/files.ts'
import { type Grants, openGrants } from '#files/grants.ts'
import { openFileStore } from '#files/open.ts'

export interface Context {
  config: Config
  log: FastifyBaseLogger
  /** Reads, and `db.transact` for writes. */
  db: Database
  /** Sends of messages, committed in groups. */
  sender: GroupCommit<NewMessage, Sent>
  tokens: TokenCache
  /** Work for later; see src/jobs. */
  queue: Queue
  /** Keeps secrets that must be read again. */
  vault: Vault
  /** The bytes of hosted files. */
  files: FileStore
  /** What lets users reach them. */
  grants: Grants
}

/** Opens what use cases need; closing `db` closes it all. */
export function openContext(config: Config, log: FastifyBaseLogger, databaseUrl: string): Context {
  const db = openDatabase(databaseUrl, (error) =>
    log.warn({ err: error }, 'an idle database connection failed'),
  )
  const vault = openVault(config)
  return {
    config,
    log,
    db,
    sender: openSender(db, db.eventsWritten),
    tokens: openTokenCache(db),
    queue: openQueue(db),
    vault,
    files: openFileStore(config),
    grants: openGrants(() => vault.derive('file grants')),
  }
}
