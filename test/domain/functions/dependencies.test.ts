// What functions can require, in each process that runs them.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { mustBeAdmitted } from '#domain/functions/runs/must-be-admitted.ts'
import { deploy, invocationsOf } from '../../support/functions.ts'
import { openRegistry, type Registry } from '../../support/registry.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'

let registry: Registry
let server: TestServer
let application: TestApplication
beforeAll(async () => {
  registry = await openRegistry({ greeter: '1.2.3', '@team/tool': '4.0.0' })
  server = await startServer(registry.settings)
})
afterAll(async () => {
  await server.close()
  await registry.close()
})
beforeEach(async () => {
  application = await server.createApplication()
})

const put = (body: unknown) => application.put('/runtimes/nodejs/dependencies', body)
const run = () => mustBeAdmitted(server.ctx, application.id, { username: 'jane', authParams: {} })
const lastPayload = async (guard: { id: number }) =>
  (await invocationsOf(application, guard))[0]?.result.payload

const requirer = `async function handleEvent() {
  const found = (name) => { try { return require(name) } catch (error) { return error.code } }
  return [found('greeter'), found('@team/tool')]
}`

it('functions can require what is installed from then on, and the default dependencies', async () => {
  const guard = await deploy(application, 'user.attempted.start_session', requirer)
  await run()
  expect(await lastPayload(guard)).toEqual(['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])
  await put([{ name: 'greeter', version: '^1.0.0' }]).expect(200)
  await run()
  expect(await lastPayload(guard)).toEqual(['greeter@1.2.3', 'MODULE_NOT_FOUND'])
  await put([
    { name: 'greeter', version: '^1.0.0' },
    { name: '@team/tool', version: '4' },
  ]).expect(200)
  await run()
  expect(await lastPayload(guard)).toEqual(['greeter@1.2.3', '@team/tool@4.0.0'])
})

it('dependencies that cannot be installed are refused with the reason, and the previous ones stay in use', async () => {
  const guard = await deploy(application, 'user.attempted.start_session', requirer)
  await put([{ name: 'greeter', version: '^1.0.0' }]).expect(200)
  const { status, body } = await put([
    { name: 'greeter', version: '^1.0.0' },
    { name: '@team/tool', version: '^5.0.0' },
  ])
  expect(status).toBe(400)
  expect(body).toMatchObject({ resource: 'runtime', field: 'dependencies', code: 'invalid' })
  expect(body.message).toMatch(/@team\/tool/)
  expect(body.message.length).toBeLessThan(600)
  const { body: runtime } = await application.get('/runtimes/nodejs').expect(200)
  expect(
    runtime.dependencies.filter((each: { defaultDependency: boolean }) => !each.defaultDependency),
  ).toEqual([{ name: 'greeter', version: '^1.0.0', defaultDependency: false }])
  await run()
  expect(await lastPayload(guard)).toEqual(['greeter@1.2.3', 'MODULE_NOT_FOUND'])
})

it('dependencies from anywhere but the registry are refused by name', async () => {
  const guard = await deploy(application, 'user.attempted.start_session', requirer)
  await put([{ name: 'greeter', version: '^1.0.0' }]).expect(200)
  for (const spec of ['git+https://example.com/a.git', 'file:/etc', 'http://127.0.0.1:9/a.tgz']) {
    registry.packages.sly = { version: '1.0.0', manifest: { dependencies: { strange: spec } } }
    const { status, body } = await put([{ name: 'sly', version: '1.0.0' }])
    expect(status).toBe(400)
    expect(body).toMatchObject({ field: 'dependencies', message: expect.stringContaining('strange') })
  }
  await run()
  expect(await lastPayload(guard)).toEqual(['greeter@1.2.3', 'MODULE_NOT_FOUND'])
})

it('a process that lacks them installs them when a function first needs them', async () => {
  const guard = await deploy(application, 'user.attempted.start_session', requirer)
  await put([{ name: 'greeter', version: '^1.0.0' }]).expect(200)
  await rm(`${server.ctx.config.home}/runtimes/${application.id}`, { recursive: true, force: true })
  await run()
  expect(await lastPayload(guard)).toEqual(['greeter@1.2.3', 'MODULE_NOT_FOUND'])
})
