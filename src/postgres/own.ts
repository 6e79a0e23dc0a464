// Gives the copy of a template its own password, and its own name in the channels that processes of an installation
// share. Until then, the next password lies beside the current one, so that after an interrupted start the next one can
// continue.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import {
  type Cluster,
  cleanEnvironment,
  DATABASE,
  keepPassword,
  newPassword,
  nextPasswordPath,
  pathSeenByPostgres,
  readPassword,
  SUPERUSER,
} from '#postgres/cluster.ts'

const invalidPassword = '28P01'
/** Our passwords are random, so hashing them thousands of times at each connection would not make them safer. */
const iterations = 1

/**
 * Changes the password of a copy.
 * @param urlWith returns the URL of the running cluster's database, for the superuser with the given password
 * @returns the current password, and whether it was changed just now, which proves that the database exists
 */
export async function makeOwn(
  cluster: { folder: string; data: string },
  urlWith: (password: string) => string,
): Promise<{ password: string; isChanged: boolean }> {
  const password = await readPassword(cluster)
  const path = nextPasswordPath(cluster.folder)
  if (!existsSync(path)) return { password, isChanged: false }
  const next = readFileSync(path, 'utf8').trim()
  try {
    await change(urlWith(password), next)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === invalidPassword)) throw error // else changed before
  }
  renameSync(path, join(cluster.folder, 'password'))
  return { password: next, isChanged: true }
}

async function change(url: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    // The first migration's id identifies an installation on a bus: src/data/events/node.ts.
    await client.query(`
      begin;
      set local scram_iterations = ${iterations};
      update _prisma_migrations set id = gen_random_uuid()::text;
      alter role ${SUPERUSER} password '${password}';
      commit`)
  } finally {
    await client.end()
  }
}

/**
 * Sets a new password for a cluster on which no server runs, without knowing the old one. Not durable if the host dies.
 * @throws if Postgres finds the cluster invalid
 */
export async function givePassword(cluster: Cluster): Promise<void> {
  const { folder, data, owner, binaries } = cluster
  const password = newPassword()
  const settings = ['fsync=off', `scram_iterations=${iterations}`, 'exit_on_error=on']
  const options = ['--single', '-D', pathSeenByPostgres(cluster), ...settings.flatMap((each) => ['-c', each])]
  const running = promisify(execFile)(binaries.postgres, [...options, DATABASE], {
    cwd: data,
    env: cleanEnvironment,
    ...owner,
  })
  running.child.stdin?.on('error', () => {}) // the error that ended it is reported below
  running.child.stdin?.end(`alter role ${SUPERUSER} password '${password}'\n`)
  await running
  await keepPassword(join(folder, 'password'), password)
}
