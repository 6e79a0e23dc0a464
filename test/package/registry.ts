// An npm registry that accepts published packages and contains none.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'

/** The metadata that npm sends when it publishes a package. */
export interface Published {
  'dist-tags': Record<string, string>
  access: string
}

/** Publishes a tarball to a registry on this machine. @returns the metadata that the registry received */
export async function publish(tarball: string): Promise<Published> {
  let published: Published | undefined
  const registry = createServer(async (request, response) => {
    if (request.method === 'PUT') published = (await json(request)) as Published
    response.statusCode = request.method === 'PUT' ? 200 : 404
    response.end('{}')
  })
  await once(registry.listen(0, '127.0.0.1'), 'listening')
  const address = `127.0.0.1:${(registry.address() as AddressInfo).port}`
  const npm = resolve('node_modules/npm/bin/npm-cli.js')
  const where = [`--registry=http://${address}`, `--//${address}/:_authToken=anybody`, '--noproxy=127.0.0.1']
  try {
    await promisify(execFile)(process.execPath, [npm, 'publish', tarball, ...where, '--fetch-retries=0'])
  } finally {
    registry.closeAllConnections()
    registry.close()
  }
  if (!published) throw new Error('Nothing was published')
  return published
}
