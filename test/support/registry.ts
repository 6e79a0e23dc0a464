// A registry of npm packages defined by a test, so that no test needs the network.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'

/** The only version of each package, by name. Each package exports its name and version. */
export type Packages = Record<string, string | Package>

export interface Package {
  version: string
  /** Additional fields of package.json, such as dependencies. */
  manifest?: Record<string, unknown>
  /** Entries of the tarball besides its two files. `type` is that of tar: `0` is a file, `2` a symbolic link. */
  entries?: { path: string; text?: string; type?: string; target?: string }[]
  /** URL of the tarball, if it is not in this registry. */
  tarball?: string
}

export interface Registry {
  packages: Packages
  /** Settings that make npm use this registry. */
  settings: Record<string, string>
  /** Names of the requested packages. */
  asked: string[]
  close(): Promise<void>
}

export async function openRegistry(packages: Packages): Promise<Registry> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    const [name = '', tarball] = path.split('/-/')
    const found = packages[name]
    asked.push(name)
    if (found === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found"}')
    } else if (tarball) {
      response.end(tarballOf(name, toPackage(found)))
    } else {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(documentOf(name, toPackage(found), `http://${request.headers.host}`)))
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
      npm_config_fetch_retries: '0',
    },
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function toPackage(given: string | Package): Package {
  return typeof given === 'string' ? { version: given } : given
}

function documentOf(name: string, given: Package, origin: string) {
  const { version, manifest, tarball = `${origin}/${name}/-/${version}.tgz` } = given
  const integrity = `sha512-${createHash('sha512').update(tarballOf(name, given)).digest('base64')}`
  const document = { name, version, ...manifest, dist: { tarball, integrity } }
  return { name, 'dist-tags': { latest: version }, versions: { [version]: document } }
}

function tarballOf(name: string, { version, manifest, entries = [] }: Package): Buffer {
  const files = {
    'package.json': JSON.stringify({ name, version, main: 'index.js', ...manifest }),
    'index.js': `module.exports = ${JSON.stringify(`${name}@${version}`)}`,
  }
  const all = [
    ...Object.entries(files).map(([file, text]) => ({ path: `package/${file}`, text })),
    ...entries,
  ]
  return gzipSync(Buffer.concat([...all.flatMap(tarEntry), Buffer.alloc(1024)]))
}

/** Returns the blocks of a tar entry [POSIX ustar]. */
function tarEntry({
  path,
  text = '',
  type = '0',
  target = '',
}: NonNullable<Package['entries']>[number]): Buffer[] {
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
  header.write(type, 156)
  header.write(target, 157)
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
