// Programs that use ChatKitty's hosts reach Chatterie, only because of their environment variables.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Intercept, startIntercept } from '#intercept/intercept.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { chatkittyCore, has, modules, python, run, runNode, sockets } from './programs.ts'

let server: TestServer
let intercept: Intercept
let env: Record<string, string>
const warnings: string[] = []
beforeAll(async () => {
  server = await startServer({ TRUST_PROXY: 'loopback' })
  const { main, url } = server
  const environment = { PATH: process.env.PATH ?? '' }
  intercept = await startIntercept({ url, environment, log: { warn: (line) => warnings.push(line) } })
  env = {
    ...environment,
    ...intercept.environment,
    CHATTERIE_ACCESS_TOKEN: main.token,
    CHATTERIE_API_KEY: main.apiKey,
    CHATTERIE_CLIENT_ID: main.clientId,
    CHATTERIE_CLIENT_SECRET: main.clientSecret,
  }
})
afterAll(async () => {
  await intercept.close()
  await server.close()
})

/** The application as returned for a request to `https://api.chatkitty.com`. */
const application = () =>
  expect.objectContaining({
    id: server.main.id,
    _links: expect.objectContaining({
      self: {
        href: expect.stringMatching(`^https://api.chatkitty.com/(v1/)?applications/${server.main.id}$`),
      },
    }),
  })

describe('an unchanged client reaches Chatterie:', () => {
  it.concurrent.each(Object.entries(modules))('%s', async (_, module) => {
    const { stdout, stderr } = await runNode(module, env)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(application())
  })

  it.concurrent.each(Object.entries(sockets))('%s', async (_, module) => {
    expect(await runNode(module, env)).toEqual({ code: 0, stdout: '"CONNECTED"\n', stderr: '' })
  })

  it.concurrent('@chatkitty/core', async () => {
    const { stdout, stderr } = await runNode(chatkittyCore, env)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatch(/channels\.\d+\.relay|channels\/\d+/)
  })

  it.skipIf(!has('curl')).concurrent('curl', async () => {
    const args = ['-sS', '-H', `Authorization: Bearer ${server.main.token}`]
    const { stdout, stderr } = await run('curl', [...args, 'https://api.chatkitty.com/v1/application'], env)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(application())
  })

  it.skipIf(!has('python3')).concurrent("Python's urllib", async () => {
    const { stdout, stderr } = await run('python3', ['-c', python], env)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(application())
  })
})
