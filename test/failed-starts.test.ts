// Starts that fail at once, with one line that says why.
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chatterie } from './cli/run.ts'
import { failedStart } from './support/process.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-failed-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

it('where the port is in use, a start says so at once, and leaves nothing behind', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const folder = join(home, 'no-port')
  expect(await failedStart({ CHATTERIE_HOME: folder, PORT: String(port) })).toBe(
    `Chatterie cannot start: port ${port} of 127.0.0.1 is taken by another program: set PORT to a free one\n`,
  )
  expect(await readdir(home)).not.toContain('no-port')
  other.close()
})

it.skipIf(process.platform !== 'linux')(
  'a home folder that cannot be used ends the start at once, with one line that says why',
  async () => {
    expect(await failedStart({ CHATTERIE_HOME: '/proc/nope' })).toMatch(
      /^Chatterie cannot start: CHATTERIE_HOME \/proc\/nope cannot be used: .+\n$/,
    )
    const { code, stderr } = await chatterie(['applications', 'list'], { CHATTERIE_HOME: '/proc/nope' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: CHATTERIE_HOME \/proc\/nope cannot be used: .+\n$/)
  },
)

it.each([
  [{ PORT: 'http' }, 'PORT'],
  [{ DATABASE_URL: 'mysql://localhost/x' }, 'DATABASE_URL'],
  [{ PUBLIC_URL: 'chat.example.com' }, 'PUBLIC_URL'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  [{ CHATTERIE_API_KEY: 'key' }, 'CHATTERIE_API_KEY'],
])('a wrong setting stops the start with one line that names it: %o', async (settings, name) => {
  const output = await failedStart({ CHATTERIE_HOME: home, PORT: '0', ...settings } as Record<string, string>)
  expect(output.trim().split('\n')).toHaveLength(1)
  expect(output).toContain(name)
})
