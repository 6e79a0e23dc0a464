import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal, request, tokenWith } from '../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
beforeAll(async () => {
  server = await shareServer()
  main = server.main
})
afterAll(() => server.close())

const missing = 4_000_000_000

async function createFunction(application: TestApplication, fields: Record<string, unknown> = {}) {
  const { body } = await application
    .post('/runtimes/nodejs/functions', { type: 'user.sent.message', name: 'Greeter', ...fields })
    .expect(200)
  return body
}

async function createVersion(application: TestApplication, id: number, handlerScript: string) {
  return (await application.post(`/functions/${id}/versions`, { handlerScript }).expect(200)).body
}

describe('createNodejsRuntimeFunction', () => {
  it('answers with the function, its runtime and its links', async () => {
    const body = await createFunction(main, {
      type: 'user.attempted.start_session',
      description: 'Says hello',
    })
    const { body: runtime } = await main.get('/runtimes/nodejs')
    expect(body).toEqual({
      id: expect.any(Number),
      type: 'user.attempted.start_session',
      runtime: { id: runtime.id, type: 'NODEJS', version: runtime.version },
      name: 'Greeter',
      description: 'Says hello',
      enabled: true,
      currentVersionNumber: 0,
      _links: expect.any(Object),
    })
    expect(Object.keys(body._links)).toEqual([
      'self',
      'versions',
      'invocations',
      'currentVersion',
      'application',
    ])
    expect(body._links.currentVersion.href).toMatch(`/functions/${body.id}/current-version`)
    expect((await main.get(`/functions/${body.id}`).expect(200)).body).toEqual(body)
  })

  it('omits a description that was not given', async () => {
    for (const description of [undefined, null, '']) {
      expect(await createFunction(main, { description })).not.toHaveProperty('description')
    }
  })

  it.each([
    ['an event that does not exist', { type: 'user.ate.message', name: 'x' }, 'type', 'invalid'],
    ['no event', { name: 'x' }, 'type', 'missing_field'],
    ['no name', { type: 'user.sent.message' }, 'name', 'missing_field'],
    ['a blank name', { type: 'user.sent.message', name: ' ' }, 'name', 'invalid'],
    [
      'a flag that is none',
      { type: 'user.sent.message', name: 'x', initialize_asynchronously: 'yes' },
      'initializeAsynchronously',
      'invalid',
    ],
  ])('refuses %s', async (_, body, field, code) => {
    const answer = await main.post('/runtimes/nodejs/functions', body)
    expectRefusal(answer, 400, 'ClientError')
    expect(answer.body).toMatchObject({ resource: 'function', field, code })
  })

  it('is refused for a read-only token', async () => {
    const token = await tokenWith(server, main, 'read:*')
    const answer = await request(server, { method: 'POST' }, '/v1/runtimes/nodejs/functions')
      .set('authorization', `Bearer ${token}`)
      .send({ type: 'user.sent.message', name: 'x' })
    expectRefusal(answer, 403, 'insufficient_scope')
  })
})

describe('listNodejsRuntimeFunctions', () => {
  it("lists an application's functions, oldest first or as they are sorted", async () => {
    const application = await server.createApplication()
    for (const name of ['b', 'C', 'a']) await createFunction(application, { name })
    const names = async (query: string) => {
      const { body } = await application.get(`/runtimes/nodejs/functions${query}`).expect(200)
      return body._embedded.functions.map(({ name }: { name: string }) => name)
    }
    expect(await names('')).toEqual(['b', 'C', 'a'])
    expect(await names('?sort=name')).toEqual(['a', 'b', 'C'])
    expect(await names('?size=1&page=1&sort=name,desc')).toEqual(['b'])
    expectRefusal(await application.get('/runtimes/nodejs/functions?sort=shape'), 400)
  })
})

describe('versions', () => {
  it('are numbered from 1, the newest is the current one', async () => {
    const { id } = await createFunction(main)
    const first = await createVersion(main, id, 'async function handleEvent() {}')
    expect(first).toEqual({
      id: expect.any(Number),
      versionNumber: 1,
      handlerScript: 'async function handleEvent() {}',
      _links: expect.any(Object),
    })
    expect(Object.keys(first._links)).toEqual(['self', 'application'])
    const second = await createVersion(main, id, '2')
    expect(second.versionNumber).toBe(2)
    expect((await main.get(`/functions/${id}/current-version`).expect(200)).body).toEqual(second)
    expect((await main.get(`/function-versions/${first.id}`).expect(200)).body).toEqual(first)
    expect((await main.get(`/functions/${id}`)).body.currentVersionNumber).toBe(2)
  })

  it('get distinct numbers when they are created concurrently', async () => {
    const { id } = await createFunction(main)
    const scripts = Array.from({ length: 12 }, (_, index) => `// script ${index}`)
    const created = await Promise.all(scripts.map((script) => createVersion(main, id, script)))
    const numbers = created.map(({ versionNumber }) => versionNumber).sort((a, b) => a - b)
    expect(numbers).toEqual(scripts.map((_, index) => index + 1))
    const { body: current } = await main.get(`/functions/${id}/current-version`).expect(200)
    expect(current).toEqual(created.find(({ versionNumber }) => versionNumber === 12))
  })

  it('are listed newest first', async () => {
    const { id } = await createFunction(main)
    for (const script of ['1', '2', '3']) await createVersion(main, id, script)
    const { body } = await main.get(`/functions/${id}/versions?size=2`).expect(200)
    const numbers = body._embedded.versions.map(
      ({ versionNumber }: { versionNumber: number }) => versionNumber,
    )
    expect(numbers).toEqual([3, 2])
    expect(body.page).toEqual({ size: 2, totalElements: 3, totalPages: 2, number: 0 })
  })

  it('are none before the first', async () => {
    const { id } = await createFunction(main)
    expectRefusal(await main.get(`/functions/${id}/current-version`), 404, 'ResourceNotFoundError')
    const { body } = await main.get(`/functions/${id}/versions`).expect(200)
    expect(body._embedded.versions).toEqual([])
  })

  it('require a valid script: errors have line and column', async () => {
    const { id } = await createFunction(main)
    const handlerScript = 'async function handleEvent(event: any) {\n  return event.name +\n}'
    const answer = await main.post(`/functions/${id}/versions`, { handlerScript })
    expectRefusal(answer, 400, 'ClientError')
    expect(answer.body).toMatchObject({
      resource: 'function_version',
      field: 'handlerScript',
      code: 'invalid',
      message: 'handlerScript: Unexpected "}" (line 3, column 1)',
      errors: [{ field: 'handlerScript', message: expect.stringContaining('line 3, column 1') }],
    })
    expect((await main.get(`/functions/${id}`)).body.currentVersionNumber).toBe(0)
  })

  it('require a script', async () => {
    const { id } = await createFunction(main)
    for (const body of [
      {},
      { handlerScript: '  ' },
      { handler_script: 1 },
      { handlerScript: 'x'.repeat(500_001) },
    ]) {
      const answer = await main.post(`/functions/${id}/versions`, body)
      expectRefusal(answer, 400, 'ClientError')
      expect(answer.body).toMatchObject({ resource: 'function_version', field: 'handlerScript' })
    }
    expect((await main.get(`/functions/${id}`)).body.currentVersionNumber).toBe(0)
  })
})

describe('listFunctionInvocations', () => {
  it('is empty before the function ran', async () => {
    const { id } = await createFunction(main)
    const { body } = await main.get(`/functions/${id}/invocations`).expect(200)
    expect(body._embedded.invocations).toEqual([])
    expect(body.page.totalElements).toBe(0)
  })

  it("lists newest first, and leaves the customer's keys unchanged in either naming convention", async () => {
    const { id } = await createFunction(main)
    const args = { username: 'ann', authParams: { displayName: 'Ann', pet_name: 'Tom' } }
    for (const versionNumber of [1, 2]) {
      await server.ctx.db.prisma.functionInvocation.create({
        data: {
          functionId: id,
          versionNumber,
          args,
          status: 'SUCCEEDED',
          result: { payload: { aB: 1, c_d: 2 } },
        },
      })
    }
    for (const [accept, number, time] of [
      ['application/json', 'versionNumber', 'createdTime'],
      ['application/vnd.chatkitty+json', 'version_number', 'created_time'],
    ] as const) {
      const { body } = await main.get(`/functions/${id}/invocations`).set('accept', accept).expect(200)
      const [newest, oldest] = body._embedded.invocations
      expect(newest).toEqual({
        id: expect.any(Number),
        [number]: 2,
        args,
        status: 'SUCCEEDED',
        result: { payload: { aB: 1, c_d: 2 } },
        logs: [],
        [time]: expect.stringMatching(/Z$/),
        _links: { application: expect.any(Object) },
      })
      expect(oldest[number]).toBe(1)
    }
  })
})

describe('functions of another application', () => {
  it('are not found', async () => {
    const { id } = await createFunction(main)
    const version = await createVersion(main, id, 'x')
    const other = await server.createApplication()
    for (const unknown of [id, missing]) {
      for (const path of ['', '/versions', '/current-version', '/invocations']) {
        expectRefusal(await other.get(`/functions/${unknown}${path}`), 404, 'ResourceNotFoundError')
      }
      expectRefusal(await other.post(`/functions/${unknown}/versions`, { handlerScript: 'y' }), 404)
    }
    expectRefusal(await other.get(`/function-versions/${version.id}`), 404, 'ResourceNotFoundError')
    expect((await main.get(`/functions/${id}`)).body.currentVersionNumber).toBe(1)
  })
})
