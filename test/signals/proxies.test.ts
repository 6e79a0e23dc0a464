// The proxy samples in docs/operating.md, run with the proxies that are installed on this machine.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { StompClient } from '../stomp/stomp-client.ts'
import { createAdmin } from '../support/admin.ts'
import { createChannel, sendMessage } from '../support/factories.ts'
import { readSamples } from '../support/samples.ts'
import { startServer, type TestServer } from '../support/server.ts'

interface Place {
  folder: string
  port: number
  /** The host and port of the server. */
  host: string
}

/**
 * How to start a proxy with its sample, in which the listen address and the upstream servers are replaced and
 * certificates are removed; everything else is unchanged.
 */
interface Proxy {
  name: string
  /** Text that only occurs in the sample of this proxy. */
  words: string
  arguments: (file: string, folder: string) => string[]
  configure: (sample: string, place: Place) => string
}

const proxies: Proxy[] = [
  {
    name: 'nginx',
    words: 'proxy_pass',
    arguments: (file, folder) => ['-p', folder, '-c', file],
    configure: (sample, { folder, port, host }) => {
      const config = sample
        .replace(/server chat-\d\.internal:9001[^;]*;\n\s*/g, () => '')
        .replace(/(upstream chatterie \{)/, (head) => `${head}\n  server ${host};`)
        .replace(/listen 443 ssl;/, () => `listen 127.0.0.1:${port};`)
        .replace(/^\s*ssl_certificate.*$/gm, () => '')
      return `daemon off; pid ${folder}/pid; error_log stderr warn; events {}
        http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
          fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
          ${config}
        }`
    },
  },
  {
    name: 'caddy',
    words: 'reverse_proxy',
    arguments: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
    configure: (sample, { port, host }) => `{
        admin off
      }
      ${sample
        .replace('chat.example.com', () => `http://127.0.0.1:${port}`)
        .replace('chat-1.internal:9001 chat-2.internal:9001', () => host)}`,
  },
]

const samples = await readSamples('docs/operating.md')

function find(program: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/usr/local/sbin command -v ${program}`])
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

describe.each(proxies)(
  'behind $name, with the configuration of the guide',
  ({ name, words, arguments: argumentsOf, configure }) => {
    const program = find(name)
    if (!program) {
      it.skip(`is not tested: ${name} is not installed on this machine`, () => {})
      return
    }
    let server: TestServer
    let folder: string
    let proxy: ChildProcess
    let ended: Promise<unknown>
    let port: number
    let said = ''
    beforeAll(async () => {
      server = await startServer({ TRUST_PROXY: 'loopback' })
      folder = await mkdtemp(join(tmpdir(), `chatterie-${name}-`))
      port = await freePort()
      const sample = samples.find(({ code }) => code.includes(words))?.code ?? ''
      const file = join(folder, 'config')
      await writeFile(file, configure(sample, { folder, port, host: new URL(server.url).host }))
      proxy = spawn(program, argumentsOf(file, folder), {
        env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      ended = once(proxy, 'close')
      proxy.stderr?.on('data', (text) => {
        said += text
      })
      for (let tries = 0; tries < 500 && proxy.exitCode === null; tries += 1) {
        const isUp = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
        if (isUp) return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      throw new Error(`${name} does not answer: ${said}`)
    })
    afterAll(async () => {
      proxy.kill('SIGTERM')
      await ended
      await server.close()
      await rm(folder, { recursive: true, force: true })
    })

    const ask = (path: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { authorization: `Bearer ${server.main.token}`, ...headers },
      })

    it('requests are answered, links have the requested origin, and the request id is that of the proxy', async () => {
      const answer = await ask('/v1/application')
      expect(answer.status).toBe(200)
      const { _links } = (await answer.json()) as { _links: { self: { href: string } } }
      expect(_links.self.href).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/v1/`))
      expect(answer.headers.get('x-request-id')?.replaceAll('-', '')).toMatch(/^[\da-f]{32}$/)
      const isIts = await ask('/v1/application', { 'x-request-id': 'of-a-client' })
      expect(isIts.headers.get('x-request-id')).not.toBe('of-a-client')
    })

    it('clients connect, by WebSocket and by SockJS, and receive messages', async () => {
      for (const path of ['/rtm/websocket', '/rtm/123/abcdefgh/websocket']) {
        const ws = new WebSocket(`ws://127.0.0.1:${port}${path}?api-key=${server.main.apiKey}`)
        await once(ws, 'open')
        ws.terminate()
      }
      const stomp = await StompClient.open(port, `/rtm/websocket?api-key=${server.main.apiKey}`)
      stomp.send('CONNECT\naccept-version:1.2\nheart-beat:0,0\nStompX-User:ann\n\n\0')
      expect((await stomp.next()).command).toBe('CONNECTED')
      stomp.ws.terminate()
      const info = await ask('/rtm/info')
      expect(await info.json()).toMatchObject({ websocket: true })
    })

    it('large files are uploaded and downloaded as streams', async () => {
      const form = new FormData()
      form.set('file', new Blob(['x'.repeat(5_000_000)]), 'large.json')
      const answer = await fetch(`http://127.0.0.1:${port}/v1/imports/users`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.main.token}` },
        body: form,
      })
      expect(answer.status).toBe(202)
    })

    it('live events arrive without delay', async () => {
      const { key } = await createAdmin(server, 'viewer')
      const channel = await createChannel(server.main)
      const answer = await ask(`/admin/v1/applications/${server.main.id}/live`, {
        authorization: `Bearer ${key}`,
      })
      await sendMessage(server.main, channel.id, { body: 'through the proxy' })
      let text = ''
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk).toString()
        if (text.includes('through the proxy')) break
      }
      expect(text).toContain('event: message')
    })

    it.each([
      '/metrics',
      '/metrics/',
      '/%6detrics',
      '//metrics',
      '/health',
      '/ready',
      '/_test/worlds',
      '/_test',
    ])('%s is not reachable from outside', async (path) => {
      expect((await ask(path)).status).toBe(404)
    })
  },
)
