// A registry of npm packages that are all in a test, so that none needs the network.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** By name, the version there is; each exports its name and version. */
export type Packages = Record<string, string>

export interface Registry {
  packages: Packages
  /** What tells npm of it. */
  settings: Record<string, string>
  /** Names that were asked for. */
  asked: string[]
  close(): Promise<void>
}

export async function openRegistry(packages: Packages): Promise<Registry> {
  const cache = await mkdtemp(join(tmpdir(), 'chatterie-npm-'))
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    const [name = '', tarball] = path.split('/-/')
    const version = packages[name]
    asked.push(name)
    if (version === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found"}')
    } else if (tarball) {
      response.end(tarballOf(name, version))
    } else {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(documentOf(name, version, `http://${request.headers.host}`)))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    packages,
    asked,
    settings: {
      npm_config_registry: `http://127.0.0.1:${port}/`,
      npm_config_cache: cache,
      npm_config_fetch_retries: '0',
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await rm(cache, { recursive: true, force: true })
    },
  }
}

function documentOf(name: string, version: string, origin: string) {
  const integrity = `sha512-${createHash('sha512').update(tarballOf(name, version)).digest('base64')}`
  const dist = { tarball: `${origin}/${name}/-/${version}.tgz`, integrity }
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { name, version, dist } } }
}

function tarballOf(name: string, version: string): Buffer {
  const files = {
    'package.json': JSON.stringify({ name, version, main: 'index.js' }),
    'index.js': `module.exports = ${JSON.stringify(`${name}@${version}`)}`,
  }
  const entries = Object.entries(files).flatMap(([file, text]) => tarEntry(`package/${file}`, text))
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]))
}

/** [POSIX ustar] */
function tarEntry(path: string, text: string): Buffer[] {
  const content = Buffer.from(text)
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`
  const header = Buffer.alloc(512)
  header.write(path, 0)
  header.write(octal(0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(content.length, 12), 124)
  header.write(octal(0, 12), 136)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  )
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
}
