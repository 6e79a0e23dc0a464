// Makes the copy of a template a cluster of its own: with a password of its own, and with a name of its own for what
// its processes have in common. Until then the next password lies beside the one in force, so that whenever a start is
// cut off, the next one knows how to go on.
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
/** Random as they are, hashing our passwords thousands of times at each connection would make them no safer. */
const iterations = 1

/**
 * Changes the password of a copy.
 * @param urlWith the database of the running cluster, for the superuser with that password
 * @returns the password in force, and whether it was changed just now: then the database is there
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
    if (!(error instanceof pg.DatabaseError && error.code === invalidPassword)) throw error // else it was done before
  }
  renameSync(path, join(cluster.folder, 'password'))
  return { password: next, isChanged: true }
}

async function change(url: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    // The first migration's id is what names an installation on a bus: src/data/events/node.ts.
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
 * Gives a password to a cluster that nothing runs on, whoever knows the one it has. It need not outlive a halt.
 * @throws where Postgres finds fault with the cluster
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
  running.child.stdin?.on('error', () => {}) // what ended it is what counts
  running.child.stdin?.end(`alter role ${SUPERUSER} password '${password}'\n`)
  await running
  await keepPassword(join(folder, 'password'), password)
}
