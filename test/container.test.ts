// What can be known of the image and the compose file without an engine that builds them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

interface Service {
  image?: string
  environment?: Record<string, string>
  stop_grace_period?: string
  logging?: { options?: Record<string, string> }
}

const compose = await readFile('docker-compose.yml', 'utf8')
const { services } = parse(compose, { merge: true }) as { services: Record<string, Service> }
const dockerfile = await readFile('Dockerfile', 'utf8')

/** The exit code of the image's health check, which finds no programs. */
async function healthOf(settings: Record<string, string>): Promise<number> {
  const child = spawn('/bin/bash', ['bin/healthcheck.sh'], {
    env: { PATH: '', ...settings },
    stdio: 'ignore',
  })
  return (await once(child, 'exit'))[0]
}

describe('the health check of the image', () => {
  it.each(['127.0.0.1', 'localhost', '0.0.0.0', '::1', '::'])('finds a server with HOST=%s', async (HOST) => {
    const server = createServer(({ url }, answer) => answer.writeHead(url === '/health' ? 200 : 404).end())
    await once(server.listen(0, HOST), 'listening')
    const { port } = server.address() as AddressInfo
    expect(await healthOf({ HOST, PORT: String(port) })).toBe(0)
    server.close()
    await once(server, 'close')
    expect(await healthOf({ HOST, PORT: String(port) })).toBe(1)
  })

  it('fails where the server answers that it is unhealthy', async () => {
    const server = createServer((_, answer) => answer.writeHead(503).end())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    expect(await healthOf({ HOST: '127.0.0.1', PORT: String(port) })).toBe(1)
    server.close()
    expect(dockerfile).toMatch(/HEALTHCHECK .* CMD \["bash", "bin\/healthcheck.sh"\]/)
  })
})

it('the image runs as a numeric user, under an init, from the package alone', () => {
  expect(dockerfile).toMatch(/^USER \d+:\d+$/m)
  expect(dockerfile).toMatch(/^ENTRYPOINT \["tini", "--"\]$/m)
  expect(dockerfile.match(/^COPY .*$/gm)).toEqual(['COPY . .', 'COPY --from=build /chatterie /chatterie'])
})

it('every image is pinned to a version and its digest, and all images of Node to the same', () => {
  const pinned = /^[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]+@sha256:[0-9a-f]{64}$/
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? '')
  const images = Object.values(services).flatMap(({ image }) => image ?? [])
  expect([bases.length, images.length]).toEqual([2, 2])
  for (const image of [...bases, ...images]) expect(image).toMatch(pinned)
  expect(new Set(bases).size).toBe(1)
})

it('the compose file contains no password, and none in a URL', () => {
  for (const { environment = {} } of Object.values(services)) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|SECRET/.test(name)) expect(value).toMatch(/^\$\{\w+:\?/) // refuses to start without
      if (/URL$/.test(name)) expect(value).not.toMatch(/:\/\/[^/]*:[^/]*@/)
    }
  }
  expect(services.chatterie?.environment).toMatchObject({
    PGPASSWORD: expect.stringContaining('POSTGRES_PASSWORD'),
  })
})

it('the compose file gives a stop enough time, and rotates logs', () => {
  expect(Number.parseInt(services.chatterie?.stop_grace_period ?? '', 10)).toBeGreaterThan(60)
  for (const service of Object.values(services)) {
    expect(service.logging?.options).toEqual({ 'max-size': '10m', 'max-file': '5' })
  }
})
