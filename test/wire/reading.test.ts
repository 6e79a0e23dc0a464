import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ChatError } from '#errors.ts'
import { CreateChannel } from '#resources/channel.ts'
import { GivenTime } from '#resources/define.ts'
import { FileMessageFields, SendMessage } from '#resources/message.ts'
import { CreateUser, PatchUser, UserReference, UserSecret } from '#resources/user.ts'
import { compileCheck } from '#wire/reading.ts'

function problemsOf(schema: z.ZodType, input: unknown) {
  try {
    compileCheck('thing', schema)(input)
  } catch (error) {
    if (error instanceof ChatError && error.kind === 'ClientError') return error.problems
    throw error
  }
  throw new Error(`${JSON.stringify(input)} was accepted`)
}

const name = 'jane'
const displayName = 'Jane'

describe('absent fields are missing_field, wrong ones are invalid', () => {
  it.each<[string, z.ZodType, unknown, [field: string, code: string][]]>([
    ['no body', CreateUser, undefined, [['body', 'missing_field']]],
    ['no body of several variants', CreateChannel, undefined, [['body', 'missing_field']]],
    ['no reference', UserReference, undefined, [['body', 'missing_field']]],
    ['an array', CreateUser, [], [['body', 'invalid']]],
    ['null', CreateUser, null, [['body', 'invalid']]],
    [
      'an empty body',
      CreateUser,
      {},
      [
        ['name', 'missing_field'],
        ['displayName', 'missing_field'],
      ],
    ],
    [
      'wrong types',
      CreateUser,
      { name: 1, displayName: null },
      [
        ['name', 'invalid'],
        ['displayName', 'invalid'],
      ],
    ],
    ['a blank name', CreateUser, { name: ' ', displayName }, [['name', 'invalid']]],
    ['a long name', CreateUser, { name: 'x'.repeat(513), displayName }, [['name', 'invalid']]],
    ['a NUL', CreateUser, { name: 'a\u0000b', displayName }, [['name', 'invalid']]],
    ['half a surrogate pair', CreateUser, { name: 'a\ud800', displayName }, [['name', 'invalid']]],
    [
      'a NUL in a key',
      CreateUser,
      { name, displayName, properties: { 'a\u0000': 1 } },
      [['properties', 'invalid']],
    ],
    [
      'properties that are no map',
      CreateUser,
      { name, displayName, properties: [] },
      [['properties', 'invalid']],
    ],
    [
      'properties too deep',
      CreateUser,
      { name, displayName, properties: nested(70) },
      [['properties', 'invalid']],
    ],
    ['no type', CreateChannel, {}, [['type', 'missing_field']]],
    ['an unknown type', CreateChannel, { type: 'OPEN' }, [['type', 'invalid']]],
    [
      'a wrong member',
      CreateChannel,
      { type: 'DIRECT', members: [{ id: 1 }, { id: '2' }] },
      [['members.1.id', 'invalid']],
    ],
    ['no text', SendMessage, { type: 'TEXT' }, [['body', 'missing_field']]],
    ['no file', SendMessage, { type: 'FILE' }, [['file', 'missing_field']]],
    [
      'half a file',
      SendMessage,
      { type: 'FILE', file: { url: 'https://example.com/a', size: -1 } },
      [
        ['file.name', 'missing_field'],
        ['file.contentType', 'missing_field'],
        ['file.size', 'invalid'],
      ],
    ],
    ['no secret', UserSecret, {}, [['secret', 'missing_field']]],
    ['an empty reference', UserReference, {}, [['body', 'invalid']]],
    ['a negative id', UserReference, { id: -1 }, [['id', 'invalid']]],
    ['a wrong status', PatchUser, { presence: { status: 5 } }, [['presence.status', 'invalid']]],
  ])('%s', (_what, schema, input, expected) => {
    const problems = problemsOf(schema, input)
    expect(problems.map(({ field, code }) => [field, code]).toSorted()).toEqual(expected.toSorted())
    for (const { resource, field, message } of problems) {
      expect(resource).toBe('thing')
      expect(message).toContain(field)
    }
  })
})

describe('an accepted body', () => {
  it('may have either naming convention, or both at once, and loses unknown fields', () => {
    const check = compileCheck('user', CreateUser)
    const expected = { name, displayName, isGuest: true, properties: { a_b: 1, aB: 2 } }
    const properties = { a_b: 1, aB: 2 }
    for (const spelling of [
      { displayName, isGuest: true },
      { display_name: displayName, is_guest: true },
      { display_name: displayName, isGuest: true },
      { displayName, guest: true },
    ]) {
      expect(check({ name, ...spelling, properties, other: 1, __unknown: {} })).toEqual(expected)
    }
  })

  it('is read in the primary naming convention where both are given', () => {
    const check = compileCheck('user', CreateUser)
    expect(check({ name, display_name: 'snake', displayName: 'camel' })).toMatchObject({
      displayName: 'camel',
    })
    expect(check({ name, displayName: 'camel', display_name: 'snake' })).toMatchObject({
      displayName: 'camel',
    })
  })

  it('keeps hostile keys inside properties and drops them outside', () => {
    const check = compileCheck('user', CreateUser)
    const body = JSON.parse(
      '{"name":"jane","displayName":"Jane","__proto__":{"isGuest":true},"constructor":1,"properties":{"__proto__":{"x":1}}}',
    )
    const user = check(body)
    expect(user.isGuest).toBe(false)
    expect(JSON.stringify(user.properties)).toBe('{"__proto__":{"x":1}}')
    expect(Object.keys(user)).not.toContain('constructor')
  })

  it('may have {} for members, which is the JSON of a JavaScript Set', () => {
    const check = compileCheck('channel', CreateChannel)
    expect(check({ type: 'PUBLIC', members: {} })).toEqual({ type: 'PUBLIC', members: [] })
    expect(problemsOf(CreateChannel, { type: 'PUBLIC', members: { id: 1 } })).toMatchObject([
      { field: 'members' },
    ])
  })

  it('may have any JSON value for a secret, null too', () => {
    const check = compileCheck('secret', UserSecret)
    for (const secret of [null, false, 0, '', [], { a_b: null }])
      expect(check({ secret })).toEqual({ secret })
  })
})

function nested(depth: number): Record<string, unknown> {
  return depth === 0 ? {} : { deeper: nested(depth - 1) }
}

describe('null for an optional member', () => {
  const none = { creator: null, members: null, properties: null, name: null }

  it.each<[string, z.ZodType, unknown, unknown]>([
    ['a user', CreateUser, { name, displayName, isGuest: null, properties: null }, { name, displayName }],
    [
      'a user in snake case',
      CreateUser,
      { name, display_name: displayName, is_guest: null },
      { name, displayName },
    ],
    ['a channel', CreateChannel, { type: 'PUBLIC', ...none, displayName: null }, { type: 'PUBLIC' }],
    [
      'a channel in snake case',
      CreateChannel,
      { type: 'PUBLIC', ...none, display_name: null },
      { type: 'PUBLIC' },
    ],
    [
      'a message',
      SendMessage,
      { type: 'TEXT', body: 'x', user: null, groupTag: null, group_tag: null, properties: null },
      { type: 'TEXT', body: 'x' },
    ],
    ['a reference', UserReference, { id: 1, username: null, href: null }, { id: 1 }],
    [
      'a member of an array',
      CreateChannel,
      { type: 'DIRECT', members: [{ id: 1, username: null }] },
      { type: 'DIRECT', members: [{ id: 1 }] },
    ],
    [
      'another spelling',
      SendMessage,
      { type: 'TEXT', body: 'x', groupTag: null, group_tag: 'g' },
      { type: 'TEXT', body: 'x', groupTag: 'g' },
    ],
    ['a part of a form', FileMessageFields, { user: 'null', properties: 'null' }, {}],
  ])('counts as absent in %s', (_what, schema, given, meant) => {
    const check = compileCheck('thing', schema)
    expect(check(given)).toEqual(schema.parse(meant))
  })

  it('does not make a required member optional', () => {
    expect(problemsOf(CreateUser, { name: null, displayName })).toMatchObject([
      { field: 'name', code: 'invalid' },
    ])
    expect(problemsOf(SendMessage, { type: 'TEXT', body: null })).toMatchObject([{ field: 'body' }])
  })

  it('is kept within the properties, in a secret, and in a merge patch', () => {
    const properties = { a: null }
    expect(compileCheck('user', CreateUser)({ name, displayName, properties })).toMatchObject({ properties })
    expect(compileCheck('secret', UserSecret)({ secret: null })).toEqual({ secret: null })
    expect(compileCheck('user', PatchUser, 'removal')({ properties: null })).toEqual({ properties: null })
  })
})

it('a refused field is named in snake case as well, unless it is data or has one spelling', () => {
  const data = z.record(z.string(), z.object({ displayName: z.string() }))
  const schema = z.object({ groupTag: z.string(), members: z.array(CreateUser), data })
  const members = [{ name, displayName: 5, isGuest: 5 }]
  const problems = problemsOf(schema, { groupTag: 5, members, data: { aB: { displayName: 5 } } })
  expect(problems.map(({ field, snakeField }) => [field, snakeField])).toEqual([
    ['groupTag', 'group_tag'],
    ['members.0.displayName', 'members.0.display_name'],
    ['members.0.isGuest', 'members.0.isGuest'],
    ['data.aB.displayName', 'data.aB.displayName'],
  ])
})

it('an unknown variant is told the known ones, and a wrong time the form of a right one, in plain words', () => {
  const type = { type: 'SECRET', name: 'den' }
  expect(problemsOf(CreateChannel, type)).toMatchObject([
    { field: 'type', message: 'type: must be one of DIRECT, PUBLIC, PRIVATE' },
  ])
  expect(problemsOf(z.object({ until: GivenTime }), { until: 'tomorrow' })).toMatchObject([
    { message: 'until: must be a time such as 2027-01-31T00:00:00Z' },
  ])
})
