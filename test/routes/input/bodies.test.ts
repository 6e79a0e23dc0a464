import { v4 as uuid } from 'uuid'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { createUser } from '../../support/factories.ts'
import { expectRefusal } from '../../support/protects.ts'
import { examplesOf, invalidExamplesOf, isUntagged } from '../examples.ts'
import { jsonOf, openInput, show, table, withBody } from './bad-input.ts'

const input = openInput()
const { send, ownPath, unknownPath } = input

describe('a body with one invalid field', () => {
  it.each(withBody)('%s names the field', async (_, operation) => {
    const path = unknownPath(operation)
    for (const { field, value } of invalidExamplesOf(operation.body)) {
      // A missing patch and null count as an empty patch.
      if (operation.method === 'PATCH' && value === null) continue
      if (operation.method !== 'PATCH' && isNullOfOptional(operation.body, field, value)) continue
      const asked = `${field.join('.')} of ${show(value)}`
      const answer = await send(operation.method, path, JSON.stringify(value))
      expect(answer.status, `${asked}: ${answer.text?.slice(0, 300)}`).toBe(400)
      expectRefusal(answer, 400, 'ClientError')
      const blamed: string[] = jsonOf(answer).errors.map((problem: { field: string }) => problem.field)
      expect(
        blamed.some((name) => blames(name, field.join('.'), operation)),
        `${asked} blames ${blamed}`,
      ).toBe(true)
    }
  })

  /** Optional members may also be null. */
  function isNullOfOptional(schema: z.ZodType, field: string[], body: unknown): boolean {
    const without = structuredClone(body)
    const name = field.at(-1)
    const holder = field
      .slice(0, -1)
      .reduce<Record<string, unknown> | undefined>((within, key) => within?.[key] as never, without as never)
    if (name === undefined || holder?.[name] !== null) return false
    delete holder[name]
    return schema.safeParse(without).success
  }

  /** Whether the named field is the invalid one, inside it, or contains it. */
  function blames(name: string, wrong: string, { body }: (typeof withBody)[number][1]): boolean {
    if (name === 'body' && isUntagged(body)) return true
    return `${name}.`.startsWith(`${wrong}.`) || `${wrong}.`.startsWith(`${name}.`) || wrong === ''
  }
})

describe('an invalid body', () => {
  const broken: [string, string | Buffer][] = [
    ['cut off', '{"name":'],
    ['two values', '{}{}'],
    ['single quotes', "{'name':'x'}"],
    ['a bare word', 'name'],
    ['a NUL', '\u0000'],
    ['a NUL in a string', '{"name":"\u0000"}'],
    ['a byte that is no UTF-8', Buffer.from('{"name":"\xff","displayName":"x"}', 'latin1')],
    ['UTF-8 that is cut off', Buffer.from([0x22, 0xe2, 0x82])],
    ['UTF-8 that is too long', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
    ['arrays 100,000 deep, cut off', '['.repeat(100_000)],
  ]

  it.each(withBody)('%s refuses', async (_, operation) => {
    for (const [what, body] of broken) {
      const answer = await send(operation.method, unknownPath(operation), body)
      expect(answer.status, what).toBe(400)
      expectRefusal(answer, 400, 'ClientError')
    }
  })

  it.each(withBody)('%s is 413 where it is 2 MB, whatever it contains', async (_, operation) => {
    const body = JSON.stringify({ properties: { pad: 'x'.repeat(2_097_152) } })
    expectRefusal(await send(operation.method, unknownPath(operation), body), 413, 'PayloadTooLargeError')
  })

  it.each(withBody)('%s is required, except for a patch', async (_, operation) => {
    for (const body of [undefined, '', '  \n']) {
      const answer = await send(operation.method, unknownPath(operation), body)
      if (operation.method === 'PATCH') {
        expectRefusal(answer, 404, 'ResourceNotFoundError')
        continue
      }
      expectRefusal(answer, 400, 'ClientError')
      expect(jsonOf(answer).errors).not.toEqual([])
    }
  })

  it.each(withBody)('%s refuses content that is not declared as JSON', async (_, operation) => {
    const [example] = examplesOf(operation.body)
    const types = [
      'text/plain',
      'application/xml',
      'application/octet-stream',
      'nonsense',
      '',
      'application/json2',
    ]
    for (const type of types) {
      const answer = await send(operation.method, unknownPath(operation), JSON.stringify(example), {
        'content-type': type,
      })
      expectRefusal(answer, 415, 'UnsupportedMediaTypeError')
    }
    for (const type of [
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'multipart/form-data; boundary=b',
    ]) {
      const answer = await send(operation.method, unknownPath(operation), 'name=x', { 'content-type': type })
      expect(answer.status, type).toBeOneOf([400, 404, 415])
      expectRefusal(answer, answer.status)
    }
  })
})

describe('no body at all', () => {
  const types = ['text/plain', 'multipart/form-data; boundary=b', 'application/octet-stream', 'nonsense']
  // The deletion of all messages would end the other tests.
  const withoutBody = table.filter(
    ([, { id, method, body, form }]) =>
      /POST|DELETE/.test(method) && !body && !form && id !== 'deleteMessages',
  )

  it.each(withoutBody)('%s accepts it, whatever type is declared', async (_, operation) => {
    for (const type of types) {
      const answer = await send(operation.method, unknownPath(operation), '', { 'content-type': type })
      expect(answer.status, `${type}: ${answer.text}`).toBeOneOf([200, 202, 404])
    }
  })

  it.each(withBody)('%s misses it, whatever type is declared', async (_, operation) => {
    for (const type of types) {
      const answer = await send(operation.method, unknownPath(operation), '', { 'content-type': type })
      const { status } = await send(operation.method, unknownPath(operation))
      expect(answer.status, `${type}: ${answer.text}`).toBe(status)
    }
  })
})

describe('a body with hostile keys', () => {
  const hostile =
    '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":null'
  const ofObject = withBody.filter(([, { body }]) =>
    examplesOf(body).every((example) => !Array.isArray(example)),
  )
  const withHostileKeys = (example: unknown) =>
    JSON.stringify(example)
      .replace(/^\{/, () => `{${hostile},`)
      .replace(/,\}$/, '}')

  it.each(ofObject)('%s ignores them, or refuses them by name', async (_, operation) => {
    for (const example of examplesOf(operation.body, input.world.user.id)) {
      const unique = { ...(example as object), ...('name' in (example as object) && { name: uuid() }) }
      const answer = await send(operation.method, unknownPath(operation), withHostileKeys(unique))
      if (answer.status !== 400)
        expect(answer.status, answer.text).toBe(operation.path.includes(':') ? 404 : 200)
      else expect(jsonOf(answer).errors[0].field).toMatch(/__proto__|constructor|toString/)
    }
  })

  const withProperties = table.filter(
    ([, { body, answer }]) =>
      body !== undefined &&
      answer.kind === 'one' &&
      examplesOf(body).every((example) => Object.hasOwn(example as object, 'properties')),
  ) as typeof withBody

  it.each(withProperties)('%s keeps them in properties, as data', async (_, operation) => {
    const properties = `{${hostile},"deep":[{"__proto__":{"polluted":1}}]}`
    for (const variant of examplesOf(operation.body).keys()) {
      // A new user each time: a direct channel of the same members would be the same channel.
      const { id } = await createUser(input.server.main)
      const example = { ...(examplesOf(operation.body, id)[variant] as object), name: uuid() }
      const body = JSON.stringify({ ...example, properties: 'HERE' }).replace('"HERE"', () => properties)
      const answer = await send(operation.method, ownPath(operation), body)
      expect(answer.status, answer.text).toBe(200)
      const kept = jsonOf(answer).properties
      const expected = Object.keys(JSON.parse(properties))
      // Null removes a key in a merge patch.
      const left =
        operation.method === 'PATCH' ? expected.filter((key) => key !== 'hasOwnProperty') : expected
      expect(Object.keys(kept).sort()).toEqual(left.sort())
      for (const holder of [kept, kept.deep[0]]) {
        expect(Object.getOwnPropertyDescriptor(holder, '__proto__')?.value).toEqual({ polluted: 1 })
      }
    }
  })
})

describe('JSON 100,000 levels deep', () => {
  const arrays = '['.repeat(100_000) + ']'.repeat(100_000)
  const objects = `${'{"properties":'.repeat(40_000)}1${'}'.repeat(40_000)}`
  const bodies = [arrays, objects, `{"properties":${arrays}}`, `{"unknown":${arrays}}`]

  it.each(withBody)('%s refuses it, or ignores it where it is no field', async (_, operation) => {
    for (const body of bodies) {
      const answer = await send(operation.method, unknownPath(operation), body)
      expect(answer.status, `${body.slice(0, 40)}: ${answer.text}`).toBeOneOf([400, 404])
      expectRefusal(answer, answer.status)
    }
  })
})
