// How long the screens of the console wait for the server, in a very large application.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { processorMs } from '../support/processor.ts'
import { median } from '../support/rounds.ts'
import { rareWord, seed } from '../support/seed.ts'
import type { Stage } from '../support/stage.ts'
import { count, table, verdict } from '../support/table.ts'

const aimMs = 300
const rounds = 7
const farBack = 0.3

/** Requests each screen in turn, one at a time. @param messages fifty per user, and five hundred per channel */
export async function consoleScreens(stage: Stage, messages: number): Promise<string> {
  const url = await stage.createDatabase('console')
  const { child, port } = await stage.startServer(url)
  const users = messages / 50
  const channels = messages / 500
  const world = await seed(url, { messages, spread: channels - 1, users, channels })
  const cookie = await signIn(stage, port)
  const get = async (path: string) => {
    const began = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}/admin/v1${path}`, { headers: { cookie } })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} is answered ${answer.status}: ${text}`)
    return { ms: performance.now() - began, body: JSON.parse(text) }
  }
  const inside = `/applications/${world.applicationId}`
  const [{ id: newest }] = (await get(`${inside}/messages?limit=1`)).body.items
  const day = new Date(Date.now() - messages * farBack * 1_000)
  const from = day.toISOString()
  const to = new Date(day.valueOf() + 86_400_000).toISOString()
  const screens: [name: string, path: string][] = [
    ['the overview', inside],
    ['its statistics by hours', `${inside}/statistics?interval=hour`],
    ['its statistics by days', `${inside}/statistics?interval=day`],
    ['the newest messages', `${inside}/messages`],
    ['messages with a rare word', `${inside}/messages?query=${rareWord}`],
    ['messages of a channel', `${inside}/messages?channel=${world.filled[0]}`],
    ['messages of a user', `${inside}/messages?username=${world.usernames[0]}`],
    ['messages of a day far back', `${inside}/messages?from=${from}&to=${to}`],
    ['a message among those around it', `${inside}/messages/${newest}/conversation`],
    ['users', `${inside}/users`],
    ['users with a part of a name', `${inside}/users?query=er-77`],
    ['users who are online', `${inside}/users?online=true`],
    ['a user', `${inside}/users/${world.users[0]}`],
    ['channels', `${inside}/channels`],
    ['channels with a part of a name', `${inside}/channels?query=nel-07`],
    ['the largest channel', `${inside}/channels/${world.hot}`],
    ['its members', `${inside}/channels/${world.hot}/members`],
    ['reports', `${inside}/reports`],
  ]
  const postgres = await stage.postgresPid()
  const taken = () => processorMs(child.pid as number) + processorMs(postgres)
  const times = new Map(screens.map(([name]) => [name, { ms: [] as number[], processor: 0 }]))
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, path] of screens) {
      const before = taken()
      const { ms } = await get(path)
      const found = times.get(name)
      if (!found || round < 0) continue // the first is to warm up
      found.ms.push(ms)
      found.processor += taken() - before
    }
  }
  const rows = [...times].map(([name, { ms, processor }]) => [
    name,
    count(median(ms)),
    count(processor / rounds),
    verdict(median(ms) <= aimMs),
  ])
  const size = `${count(users)} users, ${count(channels)} channels and ${count(messages)} messages`
  return table(
    `What screens of the console ask for, with ${size}`,
    ['', 'ms', 'of processor, ms', `<= ${aimMs}`],
    rows,
  )
}

/** Signs in as the first operator, whose password is in the home folder. */
async function signIn(stage: Stage, port: number): Promise<string> {
  const body = await readFile(join(stage.folder, 'home', 'operator.json'), 'utf8')
  const answer = await fetch(`http://127.0.0.1:${port}/admin/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  if (!answer.ok) throw new Error(`Nobody is signed in: ${answer.status} ${await answer.text()}`)
  return (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''
}
