// Runtime and functions through the unmodified SDKs: what both must be able to do.
import { globalAgent } from 'node:http'
import { ChatKitty } from 'chatkitty'
import { ChatKitty as PlatformSdk } from 'chatkitty-platform-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRegistry, type Registry } from '../support/registry.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import type { Apis } from './sdk/sdk.ts'
import { configurationFor, linksBelow, refusal, untyped } from './support.ts'

interface Calls {
  runtime: Apis['Runtime']
  functions: Apis['Functions']
  versions: Apis['FunctionVersions']
}

interface Dialect {
  /** In the SDK's spelling. */
  spell(name: string): string
  /** Of links. */
  version: string
  connect(application: TestApplication): Calls
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const dialects: [string, Dialect][] = [
  [
    'chatkitty',
    {
      spell: snake,
      version: '',
      connect(application) {
        const kitty = untyped(new ChatKitty(configurationFor(server, application)))
        return {
          runtime: kitty.RuntimeApi,
          functions: kitty.FunctionsApi,
          versions: kitty.FunctionVersionsApi,
        }
      },
    },
  ],
  [
    'chatkitty-platform-sdk',
    {
      spell: (name) => name,
      version: '/v1',
      connect(application) {
        const kitty = untyped(new PlatformSdk(configurationFor(server, application)))
        return { runtime: kitty.Runtime, functions: kitty.Functions, versions: kitty.FunctionVersions }
      },
    },
  ],
]

let registry: Registry
let server: TestServer
beforeAll(async () => {
  registry = await openRegistry({ firebase: '9.8.4' })
  server = await startServer(registry.settings)
})
afterAll(async () => {
  await server.close()
  await registry.close()
})

describe.each(dialects)('%s', (_, { spell, version, connect }) => {
  let application: TestApplication
  let sdk: Calls
  beforeAll(async () => {
    // The axios of the first SDK leaves a listener on its connections that would destroy them while the second one waits
    // for an answer that takes longer than five seconds, such as that of an installation.
    globalAgent.destroy()
    application = await server.createApplication()
    sdk = connect(application)
  })

  const links = (paths: Record<string, string>) =>
    linksBelow(`${server.url}${version}/applications/${application.id}`, paths)

  const createFunction = async () => {
    const { data } = await sdk.runtime.createNodejsRuntimeFunction({
      type: 'user.attempted.start_session',
      name: 'User Attempted Start Session',
    })
    return data
  }

  it('retrieves the runtime', async () => {
    const { data } = await sdk.runtime.retrieveNodejsRuntime()
    expect(data).toMatchObject({
      id: expect.any(Number),
      type: 'NODEJS',
      version: expect.stringMatching(/^v\d/),
      [spell('environmentVariables')]: { CHATKITTY_APPLICATION_ID: String(application.id) },
      _links: links({ self: '/runtimes/nodejs', functions: '/runtimes/nodejs/functions', application: '' }),
    })
    expect(data.dependencies[0]).toEqual({
      name: 'axios',
      version: expect.any(String),
      [spell('defaultDependency')]: true,
    })
  })

  it('replaces the dependencies', async () => {
    const { data } = await sdk.runtime.updateNodejsRuntimeDependencies([
      { name: 'firebase', version: '^9.8.2' },
    ])
    expect(data.dependencies.at(-1)).toEqual({
      name: 'firebase',
      version: '^9.8.2',
      [spell('defaultDependency')]: false,
    })
    const { data: again } = await sdk.runtime.updateNodejsRuntimeDependencies(data.dependencies)
    expect(again).toEqual(data)
    await expect(
      sdk.runtime.updateNodejsRuntimeDependencies([{ name: 'Not A Package', version: '1' }]),
    ).rejects.toMatchObject(refusal(400, { error: 'ClientError', field: '0.name' }))
  })

  it('replaces the environment variables without changing their names', async () => {
    const variables = { CUSTOM_ENV_AWS_REGION: 'us-east-1', camelCase: 'x', snake_case: 'y' }
    const { data } = await sdk.runtime.updateNodejsRuntimeEnvironmentVariables(variables)
    expect(data).toMatchObject({ [spell('environmentVariables')]: variables })
  })

  it('replaces the initialization script', async () => {
    const script = 'var foo = 8;'
    const { data } = await sdk.runtime.updateNodejsRuntimeInitializationScript({ script })
    expect(data).toHaveProperty(spell('initializationScript'), { script })
  })

  it('creates functions as the official sample does, and lists and retrieves them', async () => {
    const created = await createFunction()
    const path = `/functions/${created.id}`
    expect(created).toEqual({
      id: expect.any(Number),
      type: 'user.attempted.start_session',
      runtime: { id: expect.any(Number), type: 'NODEJS', version: expect.any(String) },
      name: 'User Attempted Start Session',
      enabled: true,
      [spell('currentVersionNumber')]: 0,
      _links: links({
        self: path,
        versions: `${path}/versions`,
        invocations: `${path}/invocations`,
        currentVersion: `${path}/current-version`,
        application: '',
      }),
    })
    expect((await sdk.functions.retrieveFunction(created.id)).data).toEqual(created)
    const { data: page } = await sdk.runtime.listNodejsRuntimeFunctions(0, 5)
    expect(page._embedded.functions).toContainEqual(created)
    expect(page.page).toMatchObject({ size: 5, [spell('totalElements')]: 1 })
  })

  it('adds versions, of which the newest is current', async () => {
    const { id } = await createFunction()
    await expect(sdk.functions.retrieveFunctionCurrentVersion(id)).rejects.toMatchObject(
      refusal(404, { error: 'ResourceNotFoundError' }),
    )
    const create = async (script: string) => {
      const body = { [spell('handlerScript')]: script }
      return (await sdk.functions.createFunctionVersion(id, body)).data
    }
    const first = await create('async function handleEvent(event, context) { return 1 }')
    const second = await create('async function handleEvent(event, context) { return 2 }')
    expect(first).toEqual({
      id: expect.any(Number),
      [spell('versionNumber')]: 1,
      [spell('handlerScript')]: expect.stringContaining('return 1'),
      _links: links({ self: `/function-versions/${first.id}`, application: '' }),
    })
    expect((await sdk.functions.retrieveFunctionCurrentVersion(id)).data).toEqual(second)
    expect((await sdk.versions.retrieveFunctionVersion(first.id)).data).toEqual(first)
    const { data: page } = await sdk.functions.listFunctionVersions(id)
    expect(page._embedded.versions).toEqual([second, first])
  })

  it('lists invocations, which are none before a function ran', async () => {
    const { id } = await createFunction()
    const { data } = await sdk.functions.listFunctionInvocations(id, 0, 5)
    expect(data._embedded.invocations).toEqual([])
  })
})
