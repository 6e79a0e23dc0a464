// The processes of an embedded Postgres, for tests that kill them.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Returns the process id of the postmaster of the cluster in a home folder. */
export async function postmasterPid(home: string): Promise<number> {
  return Number.parseInt(await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8'), 10)
}

/** Resolves with the process id of a backend, the postmaster's youngest child. During recovery there is none. */
export async function backendPid(home: string): Promise<number> {
  for (;;) {
    const postmaster = await postmasterPid(home)
    const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').catch(() => '')
    const youngest = Number(children.trim().split(' ').at(-1))
    if (youngest > 0) return youngest // signals to 0 would go to this process's own group
    await sleep(5)
  }
}
