// The home folder and environment of an ephemeral server. The home is in memory if there is room.
import { createHash } from 'node:crypto'
import { accessSync, constants, statfsSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'

const memory = '/dev/shm'
/** A test database takes about 50 MB; this leaves room for growth. */
const memoryBytesMin = 1024 ** 3

/** Creates a new home folder and returns its path. */
export async function makeEphemeralHome(): Promise<string> {
  const home = await mkdtemp(join(isRoomy(memory) ? memory : tmpdir(), 'chatterie-'))
  await chmod(home, 0o711) // when started as root, Postgres runs as another user, who needs access
  return home
}

function isRoomy(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= memoryBytesMin
  } catch {
    return false // other systems do not have this folder
  }
}

/** Names of external services: these belong to the system under test, whose data an ephemeral server must not touch. */
const ofElsewhere = /^(REDIS_URL|PUBLIC_URL|S3_\w+)$/
const ofDatabase = /^(DATABASE_URL|PG[A-Z]+)$/

/**
 * Changes the environment to that of an ephemeral server in `home`. On a database of its caller, which outlives the
 * home, it gets an application of its own and a key that every start on that database has, unless they are given.
 * @param keepsDatabase whether the server should use the database in DATABASE_URL
 */
export function makeEphemeral(
  environment: Record<string, string | undefined>,
  { home, keepsDatabase }: { home: string; keepsDatabase: boolean },
): void {
  for (const name of Object.keys(environment)) {
    if (ofElsewhere.test(name) || (!keepsDatabase && ofDatabase.test(name))) delete environment[name]
  }
  if (environment.DATABASE_URL) {
    environment.CHATTERIE_ENCRYPTION_KEY ||= createHash('sha256')
      .update(environment.DATABASE_URL)
      .digest('hex')
    environment.CHATTERIE_CLIENT_ID ||= uuid()
  }
  environment.CHATTERIE_HOME = home
  environment.TEST_API = 'on'
}
