// An app whose source only contains ChatKitty's hosts, run by the command line.
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chatterie } from '../cli/run.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'an app '))
})
afterAll(() => rm(folder, { recursive: true }))

const app = `
const basic = btoa(process.env.CHATTERIE_CLIENT_ID + ':' + process.env.CHATTERIE_CLIENT_SECRET)
const granted = await fetch('https://authorization.chatkitty.com/oauth/token', {
  method: 'POST',
  headers: { authorization: 'Basic ' + basic },
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
})
const { access_token: token } = await granted.json()
const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' }
const user = { name: 'jane', displayName: 'Jane', isGuest: false }
const created = await fetch('https://api.chatkitty.com/v1/users', { method: 'POST', headers, body: JSON.stringify(user) })
const { _links } = await created.json()
const { status } = await fetch(_links.self.href, { headers })
const ofTests = await fetch('https://api.chatkitty.com/_test/worlds')
console.log(JSON.stringify({ href: _links.self.href, status, ofTests: ofTests.status, bundle: process.env.SSL_CERT_FILE }))
process.exitCode = 7
`

it('the command reaches the server, follows its links, and leaves nothing behind', async () => {
  const file = join(folder, 'app.mjs')
  await writeFile(file, app)
  // Almost every statement counts as slow and causes a warning, but stderr only contains the output of the command.
  const settings = { TMPDIR: folder, SLOW_STATEMENT_MS: '1' }
  const { code, stdout, stderr } = await chatterie(['exec', '--intercept', '--', 'node', file], settings)
  expect([code, stderr]).toEqual([7, ''])
  const said = JSON.parse(stdout)
  expect(said).toMatchObject({
    href: expect.stringMatching(/^https:\/\/api\.chatkitty\.com\/v1\/.*users\/\d+$/),
    status: 200,
    ofTests: 403,
  })
  expect(existsSync(said.bundle)).toBe(false)
  expect((await readdir(folder)).filter((name) => name.startsWith('chatterie-intercept'))).toEqual([])
})
