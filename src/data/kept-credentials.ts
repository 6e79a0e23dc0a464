// The credentials of the first application, as the server keeps them in the home folder.
import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

interface Kept {
  clientId: string
  clientSecret: string
}

/** Null where there are none, or none that can be read. */
export async function readCredentials(home: string): Promise<Kept | null> {
  try {
    return JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8'))
  } catch {
    return null
  }
}

/** Keeps a client's new secret where its old one is kept; whether it was. */
export async function replaceKeptSecret(home: string, { clientId, clientSecret }: Kept): Promise<boolean> {
  const kept = await readCredentials(home)
  if (kept?.clientId !== clientId) return false
  const path = join(home, 'credentials.json')
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${JSON.stringify({ ...kept, clientSecret }, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
  return true
}
