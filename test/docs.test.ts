// The samples of the README and of docs/, run in order from one clean start, as somebody new would.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findLauncher } from './support/compiled.ts'
import { type ServerProcess, startServerProcess } from './support/process.ts'
import { readSamples, type Sample } from './support/samples.ts'

/** Samples that are not run, by text that they contain, and why. All others are run. */
const leftOut: [words: string, why: string][] = [
  ['npm ci && npm start', 'starts a second server in this checkout; the beforeAll of this file starts one'],
  ['npm install --save-dev chatterie', 'needs the package; test/package installs and runs it'],
  ['docker compose up', 'needs a container engine'],
  ['<div id="chat-ui">', 'needs a browser; test/browser/chat.test.ts opens such a page'],
  ['class Greeter', 'calls a function of the reader; test/functions/plugins.test.ts runs plugins'],
  ['npm run bench', 'takes minutes, and changes nothing that could be checked'],
  ['proxy_pass http', 'test/signals/proxies.test.ts runs it'],
  ['scrape_configs:', 'needs a Prometheus'],
  ['reverse_proxy chat-1', 'test/signals/proxies.test.ts runs it'],
  ['loadBalancer:', 'needs a Traefik'],
  ['$CHATTERIE_ADMIN_KEY', 'needs an admin key; test/webhooks creates webhooks'],
  ['webhooks listen', 'listens until it is interrupted; test/cli/webhooks.test.ts runs it'],
  ["from 'standardwebhooks'", 'needs a receiver; test/webhooks verifies deliveries with that package'],
]

/** Lines of a shell sample that are not run: what the reader fills in, or has to have, and starts of servers, of which one runs. */
const givenLines = /^(\w+=….*|chatterie (start|exec|reports|ban) .*)$/gm

/** Exports of other services that samples name. */
const exported = {
  'stream-export.json': 'stream.json',
  'users.export.json': 'sendbird-users.json',
  'channels.export.json': 'sendbird-channels.json',
  'messages.export.json': 'sendbird-messages.json',
  'mongoexport.jsonl': 'rocketchat.jsonl',
}

const files = [
  'README.md',
  ...(await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
]
/** Files of projects that use the package are run by test/package/samples.ts. */
const samples = (await Promise.all(files.map(readSamples)))
  .flat()
  .filter(({ language, name }) => language !== 'mermaid' && name === undefined)

let folder: string
let server: ServerProcess
let environment: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatterie-docs-'))
  const home = join(folder, '.chatterie')
  server = await startServerProcess({ CHATTERIE_HOME: home, TEST_API: 'on' })
  const { clientId, clientSecret, apiKey } = JSON.parse(
    await readFile(join(home, 'credentials.json'), 'utf8'),
  )
  environment = {
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    HOME: folder,
    CHATTERIE_HOME: home,
    PORT: new URL(server.url).port,
    ID: clientId,
    SECRET: clientSecret,
    API_KEY: apiKey,
    // Who moves in comes from here as well as from there.
    CHATKITTY_BASE_URL: server.url,
    CHATKITTY_CLIENT_ID: clientId,
    CHATKITTY_CLIENT_SECRET: clientSecret,
  }
  await mkdir(join(folder, 'bin'))
  const command = join(folder, 'bin', 'chatterie')
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${await findLauncher()}' "$@"\n`)
  await chmod(command, 0o755)
  const npx = join(folder, 'bin', 'npx') // finds what is installed
  await writeFile(npx, '#!/bin/sh\nexec "$@"\n')
  await chmod(npx, 0o755)
  await symlink(resolve('node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, '.curlrc'), 'fail-with-body\n')
  // The files that samples name.
  const users = [{ name: 'ada', displayName: 'Ada', isGuest: false, properties: {} }]
  await writeFile(join(folder, 'users.json'), JSON.stringify(users))
  await writeFile(join(folder, 'styles.json'), '{}')
  for (const [name, example] of Object.entries(exported)) {
    await copyFile(join('test/migrate/exports', example), join(folder, name))
  }
  await writeFile(
    join(folder, 'echo.ts'),
    'export async function handleEvent(event) { return event.message.id }',
  )
  for (const { code } of samples) {
    if (code.includes('UserAttemptedStartSessionEvent,')) await writeFile(join(folder, 'guard.ts'), code)
    for (const [, name = '', json = ''] of code.matchAll(/ui set \w+ (\S+) +# (\{.*\})$/gm)) {
      await writeFile(join(folder, name), json)
    }
  }
})
afterAll(async () => {
  await server?.end('SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

it('every sample that is excluded exists', () => {
  for (const [words] of leftOut) expect(samples.filter(({ code }) => code.includes(words))).not.toEqual([])
})

for (const sample of samples) {
  const why = leftOut.find(([words]) => sample.code.includes(words))?.[1]
  const title = `${sample.file}:${sample.line} works as it stands`
  if (why) it.skip(`${title} (${why})`, () => {})
  else it(title, () => run(sample))
}

async function run({ language, code }: Sample): Promise<void> {
  const text = code
    .replaceAll('http://localhost:9001', () => server.url)
    .replaceAll('localhost:9001', () => new URL(server.url).host)
  switch (language) {
    case 'sh':
      return runShell(text.replace(givenLines, () => ''))
    case 'js':
      return runScript(text)
    case 'json': // what is sent or answered
      return void JSON.parse(code)
    case 'ts': // a function, which the samples of the shell deploy and test
      return
    default:
      throw new Error(
        `A sample in ${language || 'no language'} is run by nothing: name it in leftOut, and why`,
      )
  }
}

/** Ends at the first command that fails; `<app>` is the application made last, which nobody need confirm to delete. */
async function runShell(text: string): Promise<void> {
  const script = text
    .replace(/^(chatterie applications create .*?) +#.*$/m, (_, create) => `${create} --json > created.json`)
    .replaceAll('<app>', () => `$(sed 's/.*"id":\\([0-9]*\\).*/\\1/' created.json)`)
    .replace(/^(chatterie applications delete \S+.*?) +#/m, (_, remove) => `${remove} --yes #`)
  const { code, output } = await end(spawn('sh', ['-euc', script], { cwd: folder, env: environment }))
  expect(code, output).toBe(0)
}

/** Ends by itself, or is ended once it has printed what it was to: a client stays connected. */
async function runScript(text: string): Promise<void> {
  const path = join(folder, 'sample.mjs')
  await writeFile(path, text)
  const { code, output } = await end(
    spawn(process.execPath, [path], { cwd: folder, env: environment }),
    /^Hello!$/m,
  )
  expect(code, output).toBe(0)
}

async function end(child: ReturnType<typeof spawn>, enough?: RegExp) {
  let output = ''
  let isEnough = false
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      output += data
      isEnough ||= enough?.test(output) ?? false
      if (isEnough) child.kill()
    })
  }
  const [code] = await once(child, 'close')
  return { code: isEnough ? 0 : code, output }
}
