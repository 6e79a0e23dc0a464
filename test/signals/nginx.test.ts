// The sample of docs/operating.md for nginx, run by nginx where there is one.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Talker } from '../stomp/talker.ts'
import { samplesOf } from '../support/samples.ts'
import { startServer, type TestServer } from '../support/server.ts'

const [sample] = (await samplesOf('docs/operating.md')).filter(({ language }) => language === 'nginx')

function findNginx(): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nginx'])
      .toString()
      .trim()
  } catch {
    return undefined
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const nginx = findNginx()
if (!nginx) process.stderr.write('There is no nginx: its sample is not run\n')

describe.skipIf(!nginx)('behind nginx, as the guide has it', () => {
  let server: TestServer
  let folder: string
  let proxy: ChildProcess
  let port: number
  let said = ''
  beforeAll(async () => {
    server = await startServer({ TRUST_PROXY: 'loopback' })
    folder = await mkdtemp(join(tmpdir(), 'chatterie-nginx-'))
    port = await freePort()
    const { host } = new URL(server.url)
    // Another name, another port, no certificate, and servers that are there; all else stays as it is.
    const config = (sample?.code ?? '')
      .replace(/server chat-\d\.internal:9001[^;]*;\n\s*/g, () => '')
      .replace(/(upstream chatterie \{)/, (head) => `${head}\n  server ${host};`)
      .replace(/listen 443 ssl;/, () => `listen 127.0.0.1:${port};`)
      .replace(/^\s*ssl_certificate.*$/gm, () => '')
    const main = `daemon off; pid ${folder}/pid; error_log stderr warn; events {}
      http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
        fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        ${config}
      }`
    await writeFile(join(folder, 'nginx.conf'), main)
    proxy = spawn(nginx ?? '', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    proxy.stderr?.on('data', (text) => {
      said += text
    })
    for (let tries = 0; tries < 200; tries += 1) {
      const isUp = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
      if (isUp) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`nginx does not answer: ${said}`)
  })
  afterAll(async () => {
    const ended = once(proxy, 'close')
    proxy.kill('SIGTERM')
    await ended
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { authorization: `Bearer ${server.main.token}`, ...headers },
    })

  it('requests get through, links name what was asked, and the id of the request is the proxy’s', async () => {
    const answer = await ask('/v1/application')
    expect(answer.status).toBe(200)
    const { _links } = (await answer.json()) as { _links: { self: { href: string } } }
    expect(_links.self.href).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/v1/`))
    expect(answer.headers.get('x-request-id')).toMatch(/^[\da-f]{32}$/)
  })

  it('clients connect, by WebSocket and by SockJS, and hear', async () => {
    for (const path of ['/rtm/websocket', '/rtm/123/abcdefgh/websocket']) {
      const ws = new WebSocket(`ws://127.0.0.1:${port}${path}?api-key=${server.main.apiKey}`)
      await once(ws, 'open')
      ws.terminate()
    }
    const talker = await Talker.open(port, `/rtm/websocket?api-key=${server.main.apiKey}`)
    talker.send('CONNECT\naccept-version:1.2\nheart-beat:0,0\nStompX-User:ann\n\n\0')
    expect((await talker.next()).command).toBe('CONNECTED')
    talker.ws.terminate()
    const info = await ask('/rtm/info')
    expect(await info.json()).toMatchObject({ websocket: true })
  })

  it('large files get through, as they come', async () => {
    const form = new FormData()
    form.set('file', new Blob(['x'.repeat(5_000_000)]), 'large.json')
    const answer = await fetch(`http://127.0.0.1:${port}/v1/imports/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.main.token}` },
      body: form,
    })
    expect(answer.status).toBe(202)
  })

  it.each(['/metrics', '/ready', '/_test/worlds'])('%s is nobody’s business out there', async (path) => {
    expect((await ask(path)).status).toBe(404)
  })
})
