// Applications are isolated: ids, names and links of another application do not exist, and nothing of it changes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Context } from '#context.ts'
import type { Operation } from '#routes/operation.ts'
import { operationsOf } from '#routes/operations.ts'
import { expectRefusal, fillPath, request, titleOf } from '../support/protects.ts'
import { dumpRows } from '../support/rows.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { createWorld, examplesOf, parameterIn, type World } from './examples.ts'

let server: TestServer
let own: World
let foreign: World
let foreignId: number
let before: string
beforeAll(async () => {
  server = await shareServer()
  const other = await server.createApplication()
  foreignId = other.id
  own = await createWorld(server, server.main)
  foreign = await createWorld(server, other)
  before = await dumpRows(server, foreignId)
})
afterAll(() => server.close())

const operations = operationsOf({} as Context)
const named = (which: Operation[]) => which.map((operation) => [titleOf(operation), operation] as const)
const parametersOf = ({ path }: Operation) => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string)

/** A placeholder id that is replaced by each form of a reference. */
const placeholder = 424_242
const hasReference = ({ body }: Operation) =>
  body !== undefined && JSON.stringify(examplesOf(body, placeholder)).includes(`{"id":${placeholder}}`)

function ask(operation: Operation, path: string, body?: unknown) {
  const asked = request(server, operation, path).set('authorization', `Bearer ${server.main.token}`)
  return body === undefined ? asked : asked.type('application/json').send(JSON.stringify(body))
}

/** The same request as a multipart form with a small file. */
function upload(operation: Operation, path: string, fields: Record<string, string> = {}) {
  return request(server, operation, path)
    .set('authorization', `Bearer ${server.main.token}`)
    .field(fields)
    .attach('file', Buffer.from('[]'), { filename: 'file.json', contentType: 'application/json' })
}

describe('by path', () => {
  const addressed = operations.filter((operation) => parametersOf(operation).some((name) => name !== 'name'))

  it.each(named(addressed))('%s answers 404', async (_, operation) => {
    const ids = parametersOf(operation).filter((name) => name !== 'name')
    const mixes = ids.length === 1 ? [ids] : [ids, ...ids.map((id) => [id])]
    for (const theirs of mixes) {
      const path = fillPath(operation.path, (parameter) =>
        parameterIn(theirs.includes(parameter) ? foreign : own, operation.path, parameter),
      )
      if (operation.form) expectRefusal(await upload(operation, `/v1${path}`), 404, 'ResourceNotFoundError')
      if (operation.form && !operation.body) continue
      const bodies = operation.body ? examplesOf(operation.body, own.user.id) : [undefined]
      for (const body of bodies) {
        expectRefusal(await ask(operation, `/v1${path}`, body), 404, 'ResourceNotFoundError')
      }
    }
  })
})

describe('by reference', () => {
  it.each(named(operations.filter(hasReference)))('%s answers 404', async (_, operation) => {
    const path = fillPath(operation.path, (parameter) => parameterIn(own, operation.path, parameter))
    const { id, name, href } = foreign.user
    for (const example of examplesOf(operation.body as NonNullable<Operation['body']>, placeholder)) {
      const body = JSON.stringify(example)
      for (const reference of [{ id }, { username: name }, { href }]) {
        const referring = body.replaceAll(`{"id":${placeholder}}`, () => JSON.stringify(reference))
        if (referring === body) continue
        expectRefusal(await ask(operation, `/v1${path}`, JSON.parse(referring)), 404, 'ResourceNotFoundError')
      }
    }
  })
})

describe('by reference in a form', () => {
  const referring = ({ form }: Operation) =>
    ['user', 'username'].some((name) => name in (form?.fields.shape ?? {}))

  it.each(named(operations.filter(referring)))('%s answers 404', async (_, operation) => {
    const path = `/v1${fillPath(operation.path, (parameter) => parameterIn(own, operation.path, parameter))}`
    const { id, name } = foreign.user
    for (const fields of [{ username: name }, { user: JSON.stringify({ id }) }]) {
      expectRefusal(await upload(operation, path, fields), 404, 'ResourceNotFoundError')
    }
  })
})

describe('by filter', () => {
  const userFilters = ['name', 'username', 'members']
  const filtered = operations.filter(({ query }) => userFilters.some((filter) => filter in query.shape))

  it.each(named(filtered))('%s returns nothing', async (_, operation) => {
    const path = fillPath(operation.path, (parameter) => parameterIn(own, operation.path, parameter))
    for (const filter of userFilters.filter((name) => name in operation.query.shape)) {
      const answer = await ask(operation, `/v1${path}?${filter}=${foreign.user.name}`)
      if (operation.method === 'HEAD') {
        expect(answer.status).toBe(404)
        continue
      }
      expect(answer.status).toBe(200)
      expect(Object.values(answer.body._embedded)).toEqual([[]])
      expect(answer.body.page.totalElements ?? answer.body.page.total).toBe(0)
    }
  })
})

describe('by list', () => {
  const lists = operations.filter(
    (operation) => operation.answer.kind.endsWith('age') && parametersOf(operation).length === 0,
  )

  it.each(named(lists))('%s shows nothing to an application without data', async (_, operation) => {
    const stranger = await server.createApplication()
    const answer = await stranger.get(operation.path).expect(200)
    expect(Object.values(answer.body._embedded)).toEqual([[]])
    expect(answer.body.page.totalElements ?? answer.body.page.total).toBe(0)
  })
})

it('none of these requests changed anything', async () => {
  expect(await dumpRows(server, foreignId)).toBe(before)
})
