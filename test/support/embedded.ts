// The processes of an embedded Postgres, for tests that kill them.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Of the cluster in a home folder. */
export async function postmasterPid(home: string): Promise<number> {
  return Number.parseInt(await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8'), 10)
}

/** Of a connection of the server: the youngest children of the postmaster are those. While it recovers it has none. */
export async function backendPid(home: string): Promise<number> {
  for (;;) {
    const postmaster = await postmasterPid(home)
    const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').catch(() => '')
    const youngest = Number(children.trim().split(' ').at(-1))
    if (youngest > 0) return youngest // 0 would be this process and all that it belongs to
    await sleep(5)
  }
}
