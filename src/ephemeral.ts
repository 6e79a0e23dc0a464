// What a run has that nothing is to be left of: a home of its own, in memory where there is room.
import { accessSync, constants, statfsSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const memory = '/dev/shm'
/** Databases of tests take some 50 MB; one that grows has room for that. */
const memoryBytesMin = 1024 ** 3

/** Makes a new home. */
export async function makeEphemeralHome(): Promise<string> {
  const home = await mkdtemp(join(isRoomy(memory) ? memory : tmpdir(), 'chatterie-'))
  await chmod(home, 0o711) // as root, Postgres runs as another user, who passes through
  return home
}

function isRoomy(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= memoryBytesMin
  } catch {
    return false // other systems have no such folder
  }
}

/** Names of what lies elsewhere: they are meant for what is tested, whose data an ephemeral server must not touch. */
const ofElsewhere = /^(REDIS_URL|PUBLIC_URL|S3_\w+)$/
const ofDatabase = /^(DATABASE_URL|PG[A-Z]+)$/

/**
 * Makes the environment that of an ephemeral server in `home`.
 * @param keepsDatabase whether that of DATABASE_URL is meant for it
 */
export function makeEphemeral(
  environment: Record<string, string | undefined>,
  { home, keepsDatabase }: { home: string; keepsDatabase: boolean },
): void {
  for (const name of Object.keys(environment)) {
    if (ofElsewhere.test(name) || (!keepsDatabase && ofDatabase.test(name))) delete environment[name]
  }
  environment.CHATTERIE_HOME = home
  environment.TEST_API = 'on'
}
