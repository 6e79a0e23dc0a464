import { describe, expect, it } from 'vitest'
import { aTime, createFunction, invokeFunction, refusal } from '../support.ts'
import type { Sdk } from './sdk.ts'
import type { World } from './world.ts'

export function describeFunctions(_sdk: Sdk, world: World): void {
  describe('runtime', () => {
    it('shows dependencies, variables and script, and replaces each of them as a whole', async () => {
      const { server, connect } = world
      const { Runtime } = connect(await server.createApplication())
      const { data: fresh } = await Runtime.retrieveNodejsRuntime()
      expect(fresh).toMatchObject({ id: expect.any(Number), type: 'NODEJS', version: expect.any(String) })
      expect(fresh.dependencies).toContainEqual({
        name: 'chatkitty-platform-sdk',
        version: expect.any(String),
        defaultDependency: true,
      })

      await Runtime.updateNodejsRuntimeDependencies([{ name: 'left-pad', version: '1.3.0' }])
      await Runtime.updateNodejsRuntimeEnvironmentVariables({ apiKey: 'a', API_KEY: 'b' })
      await Runtime.updateNodejsRuntimeInitializationScript({ script: 'const started = Date.now()' })
      const { data } = await Runtime.retrieveNodejsRuntime()
      expect(data.dependencies).toEqual([
        ...fresh.dependencies,
        { name: 'left-pad', version: '1.3.0', defaultDependency: false },
      ])
      expect(data.environmentVariables).toEqual({
        ...fresh.environmentVariables,
        apiKey: 'a',
        API_KEY: 'b',
      })
      expect(data.initializationScript).toEqual({ script: 'const started = Date.now()' })
      expect(Object.keys(data._links)).toEqual([
        'self',
        'dependencies',
        'initializationScript',
        'functions',
        'application',
      ])
    })
  })

  describe('functions', () => {
    it('are created from type and name alone, and listed', async () => {
      const { kitty, links } = world
      const { data } = await kitty.Runtime.createNodejsRuntimeFunction({
        type: 'user.attempted.start_session',
        name: 'Admit',
      })
      const path = `/functions/${data.id}`
      expect(data).toEqual({
        id: expect.any(Number),
        type: 'user.attempted.start_session',
        name: 'Admit',
        enabled: true,
        currentVersionNumber: 0,
        runtime: { id: expect.any(Number), type: 'NODEJS', version: expect.any(String) },
        _links: links({
          self: path,
          versions: `${path}/versions`,
          invocations: `${path}/invocations`,
          currentVersion: `${path}/current-version`,
          application: '',
        }),
      })
      expect((await kitty.Functions.retrieveFunction(data.id)).data).toEqual(data)
      const { data: list } = await kitty.Runtime.listNodejsRuntimeFunctions()
      expect(list._embedded.functions).toContainEqual(data)
    })

    it('have versions, of which the newest is current', async () => {
      const { main, kitty, links } = world
      const { Functions, FunctionVersions } = kitty
      const { id } = await createFunction(main)
      await expect(Functions.retrieveFunctionCurrentVersion(id)).rejects.toMatchObject(refusal(404, {}))
      const create = async (handlerScript: string) =>
        (await Functions.createFunctionVersion(id, { handlerScript })).data
      const first = await create('async function handleEvent() { return 1 }')
      const second = await create('async function handleEvent() { return 2 }')
      expect(second).toEqual({
        id: expect.any(Number),
        versionNumber: 2,
        handlerScript: 'async function handleEvent() { return 2 }',
        _links: links({ self: `/function-versions/${second.id}`, application: '' }),
      })
      expect((await Functions.retrieveFunctionCurrentVersion(id)).data).toEqual(second)
      expect((await FunctionVersions.retrieveFunctionVersion(first.id)).data).toEqual(first)
      expect((await Functions.listFunctionVersions(id)).data._embedded.versions).toEqual([second, first])
      expect((await Functions.retrieveFunction(id)).data.currentVersionNumber).toBe(2)
    })

    it('list their invocations with unchanged arguments and result', async () => {
      const { server, main, kitty, links } = world
      const { id } = await createFunction(main)
      const run = { args: { authParams: { a_b: 1 } }, result: { payload: { userId: 1 } } }
      await invokeFunction(server, id, run)
      const { data } = await kitty.Functions.listFunctionInvocations(id)
      expect(data._embedded.invocations).toEqual([
        {
          id: expect.any(Number),
          versionNumber: 1,
          status: 'SUCCEEDED',
          createdTime: aTime,
          ...run,
          logs: [],
          _links: links({ application: '' }),
        },
      ])
    })
  })
}
