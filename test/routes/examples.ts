// Requests for any operation, generated from its zod schemas, so that the tables include new routes automatically.
import { v4 as uuid } from 'uuid'
import type { z } from 'zod'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import type { TestApplication, TestServer } from '../support/server.ts'

type Def =
  | { type: 'object'; shape: Record<string, z.ZodType> }
  | { type: 'array'; element: z.ZodType }
  | { type: 'optional' | 'default' | 'nullable'; innerType: z.ZodType }
  | { type: 'union'; options: z.ZodType[]; discriminator?: string }
  | { type: 'pipe'; out: z.ZodType }
  | { type: 'enum'; entries: Record<string, string> }
  | { type: 'literal'; values: unknown[] }
  | { type: 'string' | 'number' | 'boolean' | 'custom' }

const definition = (schema: z.ZodType) => schema._zod.def as unknown as Def

/** Valid values of a schema with all fields, one for each variant; every id in them is `id`. */
export function examplesOf(schema: z.ZodType, id = 1): unknown[] {
  const def = definition(schema)
  switch (def.type) {
    case 'object': {
      const fields = Object.entries(def.shape).map(([key, field]) => [key, examplesOf(field, id)] as const)
      return [Object.fromEntries(fields.map(([key, examples]) => [key, examples[0]]))]
    }
    case 'array':
      return [[examplesOf(def.element, id)[0]]]
    case 'optional':
    case 'default':
    case 'nullable':
      return examplesOf(def.innerType, id)
    case 'union':
      return def.options.flatMap((option) => examplesOf(option, id))
    case 'pipe':
      return examplesOf(def.out, id)
    case 'enum':
      return [Object.values(def.entries)[0]]
    case 'literal':
      return [def.values[0]]
    case 'string':
      return [(schema as z.ZodString).format === 'url' ? 'https://example.com/a.png' : 'text']
    case 'number':
      return [id]
    case 'boolean':
      return [true]
    case 'custom':
      return [{}]
    default:
      throw new Error(`No example of ${(def as { type: string }).type}`)
  }
}

/** Whether a body has one of several shapes without a distinguishing field, so that errors only name the whole. */
export function isUntagged(schema: z.ZodType): boolean {
  const def = definition(schema)
  return def.type === 'union' && def.discriminator === undefined
}

export interface InvalidExample {
  /** Describes what is wrong with the value. */
  field: string[]
  value: unknown
}

const loneSurrogate = '\ud800'
const badTexts = ['a\u0000b', loneSurrogate, `a${loneSurrogate}b`, '\udfff\ud83d']
const deep = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
const longerThanAnyText = 'x'.repeat(600_000)

/** All kinds of values that a schema refuses, each with a single error. */
export function invalidExamplesOf(schema: z.ZodType): InvalidExample[] {
  const def = definition(schema)
  const wrong = (...values: unknown[]) => values.map((value) => ({ field: [], value }))
  switch (def.type) {
    case 'object':
      return [...wrong('text', 5, true, [], null), ...invalidFields(schema, def.shape)]
    case 'array':
      return [
        ...wrong('text', 5, true, { a: 1 }, null),
        ...invalidExamplesOf(def.element).map(({ field, value }) => ({
          field: ['0', ...field],
          value: [value],
        })),
      ]
    case 'optional':
    case 'default':
      return invalidExamplesOf(def.innerType)
    case 'nullable':
      return invalidExamplesOf(def.innerType).filter(({ value }) => value !== null)
    case 'union':
      return def.options.flatMap(invalidExamplesOf)
    case 'pipe':
      return invalidExamplesOf(def.out)
    case 'enum':
    case 'literal':
      return wrong('NOPE', '', '__proto__', 'toString', 5, true, {}, [], null)
    case 'string': {
      const start = (schema as z.ZodString).format === 'url' ? 'https://example.com/' : ''
      const texts = [...badTexts, longerThanAnyText].map((text) => start + text)
      return wrong(...texts, 5, true, {}, [], null)
    }
    case 'number':
      return wrong('1', 'text', true, {}, [], null, -1, 1.5, 2 ** 53, 1e300)
    case 'boolean':
      return wrong('true', 'text', 1, {}, [], null)
    case 'custom': {
      const isMap = schema.meta()?.type === 'object'
      return wrong(
        ...badTexts.flatMap((text) => [{ key: text }, { [text]: 1 }, { key: { inner: [text] } }]),
        { key: deep(100) },
        ...(isMap ? ['text', 5, true, [], null] : []),
      )
    }
    default:
      throw new Error(`No invalid example of ${(def as { type: string }).type}`)
  }
}

function invalidFields(schema: z.ZodType, shape: Record<string, z.ZodType>): InvalidExample[] {
  const [whole] = examplesOf(schema) as Record<string, unknown>[]
  return Object.entries(shape).flatMap(([key, field]) => {
    const { [key]: _, ...without } = whole ?? {}
    const type = definition(field).type
    return [
      ...invalidExamplesOf(field).map((invalid) => ({
        field: [key, ...invalid.field],
        value: { ...whole, [key]: invalid.value },
      })),
      ...(type === 'optional' || type === 'default' ? [] : [{ field: [key], value: without }]),
      ...(key === 'id' ? [{ field: [key], value: { ...whole, [key]: 0 } }] : []),
    ]
  })
}

/** One resource of each kind that has an address, of one application. */
export interface World {
  user: { id: number; name: string; href: string }
  channel: { id: number }
  /** Ids in paths by the preceding collection: `users` for `/users/:id`. */
  ids: Record<string, number>
  /** The name of a secret of the user. */
  secret: string
}

export async function createWorld(server: TestServer, application: TestApplication): Promise<World> {
  const user = await createUser(application)
  const channel = await createChannel(application, { members: [{ id: user.id }] })
  const message = await sendMessage(application, channel.id, { user: { id: user.id } })
  // A message's thread is created on first use.
  await application.get(`/threads/${message.id}`).expect(200)
  await application.put(`/users/${user.id}/secrets/secret`, { secret: 'x' }).expect(200)
  const { body: runs } = await application
    .post('/runtimes/nodejs/functions', { type: 'user.sent.message', name: 'f' })
    .expect(200)
  const { body: version } = await application
    .post(`/functions/${runs.id}/versions`, { handlerScript: '1' })
    .expect(200)
  const session = await server.ctx.db.prisma.userSession.create({
    data: {
      applicationId: BigInt(application.id),
      userId: BigInt(user.id),
      key: uuid(),
      node: server.ctx.node.id,
    },
  })
  const job = await server.ctx.db.prisma.job.create({
    data: { applicationId: BigInt(application.id), type: 'USER_IMPORT', state: 'FINISHED' },
  })
  return {
    user: { id: user.id, name: user.name, href: user._links.self.href },
    channel: { id: channel.id },
    ids: {
      users: user.id,
      channels: channel.id,
      messages: message.id,
      threads: message.id,
      functions: runs.id,
      'function-versions': version.id,
      'user-sessions': Number(session.id),
      jobs: Number(job.id),
    },
    secret: 'secret',
  }
}

/** Returns the value of a path parameter in a world. */
export function parameterIn(world: World, path: string, parameter: string): number | string {
  if (parameter === 'user_id') return world.user.id
  if (parameter === 'name') return world.secret
  const collection =
    path
      .slice(0, path.indexOf(`/:${parameter}`))
      .split('/')
      .at(-1) ?? ''
  const id = world.ids[collection]
  if (id === undefined) throw new Error(`Say in createWorld what :${parameter} of ${path} is`)
  return id
}
