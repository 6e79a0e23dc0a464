import { describe, expect, it } from 'vitest'
import { expectRefusal, fillPath } from '../../support/protects.ts'
import { parameterIn } from '../examples.ts'
import { jsonOf, openInput, table, withParameters } from './bad-input.ts'

const input = openInput()
const { send, ownPath, exampleBody } = input

describe('a path', () => {
  const ids = [
    '0',
    '-1',
    '1.5',
    '1e3',
    'abc',
    '__proto__',
    '9007199254740991',
    '9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
    '99999999999999999999',
    '1'.repeat(3_000),
    '%31%00',
    '%00',
    '%201',
    '%D9%A1',
    '..%2F1',
    '%FF',
    '%ED%A0%80',
    '%E0%A4%A',
    '%',
  ]

  it.each(withParameters)('%s answers 404 for an invalid id', async (_, operation) => {
    const parameters = [...operation.path.matchAll(/:(\w+)/g)].flatMap(([, name]) =>
      name === 'name' ? [] : [name],
    )
    const body = exampleBody(operation)
    for (const wrong of parameters) {
      for (const id of ids) {
        const path = fillPath(operation.path, (name) =>
          name === wrong ? id : parameterIn(input.world, operation.path, name),
        )
        const answer = await send(operation.method, `/v1${path}`, body)
        expect(answer.status, `${path}: ${answer.text}`).toBeOneOf([400, 404, 414])
        expectRefusal(answer, answer.status)
        const [error] = jsonOf(answer).errors ?? []
        // If a form is required, its absence may be reported first.
        if (error && error.field !== 'file') expect(error).toMatchObject({ field: wrong, code: 'invalid' })
      }
    }
  })

  const withName = withParameters.filter(([, { path }]) => path.endsWith('/:name'))
  const names = ['%00', 'a%00b', '%20', '%FF', '%ED%A0%80', '%E0%A4%A', 'a'.repeat(600), 'a'.repeat(3_000)]

  it.each(withName)('%s refuses invalid names', async (_, operation) => {
    const body = exampleBody(operation)
    for (const name of names) {
      const path = fillPath(operation.path, (parameter) =>
        parameter === 'name' ? name : input.world.user.id,
      )
      const answer = await send(operation.method, `/v1${path}`, body)
      expect(answer.status, path).toBeOneOf([400, 404, 414])
      expectRefusal(answer, answer.status)
    }
  })

  it.each(withName)('%s accepts names that only look hostile', async (_, operation) => {
    const body = exampleBody(operation)
    for (const name of ['__proto__', 'constructor', '%2E%2E%2Fetc', '%27%3B--', '%F0%9F%91%8B', '%25']) {
      const path = fillPath(operation.path, (parameter) =>
        parameter === 'name' ? name : input.world.user.id,
      )
      const answer = await send(operation.method, `/v1${path}`, body)
      expect(answer.status, path).toBeOneOf([200, 404])
    }
  })
})

describe('a query', () => {
  const values = [
    '',
    '%00',
    'a%00b',
    '%FF',
    '%ED%A0%80',
    '%E0%A4%A',
    '%',
    '-1',
    '0',
    '1.5',
    '1e9',
    'NaN',
    '2147483648',
    '9007199254740991',
    '9007199254740993',
    '9223372036854775808',
    '99999999999999999999',
    '__proto__',
    'constructor,desc',
    '%27%3B--',
    '{',
    '[]',
    '%7B%22a%22:%22%5Cu0000%22%7D',
    '%7B%22%5Cud800%22:1%7D',
    '%7B%22__proto__%22:1%7D',
    `${'%7B%22a%22:'.repeat(100)}1${'%7D'.repeat(100)}`,
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00%2B14:00',
    '9999-12-31T23:59:59-14:00',
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    'x'.repeat(5_000),
    ','.repeat(500),
    'x,'.repeat(500),
  ]
  /** Parameters of all lists of a kind; those in one string are sent together. */
  const paging: Record<string, string[]> = {
    page: ['page size', 'sort'],
    cursorPage: ['size next', 'start relation'],
  }
  const readable = table.filter(([, { method }]) => method === 'GET' || method === 'HEAD')
  const withQuery = readable
    .map(([title, operation]) => {
      return [
        title,
        operation,
        [...Object.keys(operation.query.shape), ...(paging[operation.answer.kind] ?? [])],
      ] as const
    })
    .filter(([, , names]) => names.length > 0)

  it.each(withQuery)('%s reads it, or says what is wrong with it', async (_, operation, names) => {
    const queries = names.flatMap((together) => {
      const of = (suffix: string) =>
        together
          .split(' ')
          .map((name) => name + suffix)
          .join('&')
      return [
        ...values.map((value) => of(`=${value}`)),
        of(''),
        of('[]=1'),
        of('[a]=1'),
        `${of('=1')}&${of('=2')}`,
        `${of('=1')}&`.repeat(200),
      ]
    })
    const answers = await Promise.all(
      queries.map(
        async (query) => [query, await send(operation.method, `${ownPath(operation)}?${query}`)] as const,
      ),
    )
    for (const [query, answer] of answers) {
      expect(answer.status, `${query.slice(0, 80)}: ${answer.text}`).toBeOneOf([200, 400, 404])
      if (answer.status >= 400) expectRefusal(answer, answer.status)
    }
  })

  const wrong: Record<string, string[]> = {
    unread: ['maybe', '1', 'TRUE'],
    running: ['maybe', '1', 'TRUE'],
    type: ['OPEN', 'public', '__proto__'],
    state: ['ASLEEP', 'active', '__proto__'],
    startTime: ['yesterday', '2026-13-01T00:00:00Z', '0000-01-01T00:00:00Z', '5'],
    endTime: ['tomorrow', '2026-02-30T00:00:00Z', '0000-12-31T23:59:59%2B23:59', 'null'],
    properties: ['{', '{"a":}', '[1]', 'pairless', '%7B%22a%22:%22%5Cu0000%22%7D', '%00:1'],
    name: ['%00', 'x'.repeat(2_000)],
    username: ['%00', 'x'.repeat(2_000)],
    query: ['%00', 'x'.repeat(2_000)],
    members: ['%00', 'a,%00', 'x'.repeat(2_000), 'x,'.repeat(101)],
  }
  const withFilters = readable.filter(([, { query }]) => Object.keys(query.shape).length > 0)

  it.each(withFilters)('%s names the invalid filter', async (_, operation) => {
    for (const filter of Object.keys(operation.query.shape)) {
      const values = wrong[filter]
      if (!values) throw new Error(`Say here what is no ${filter}`)
      for (const value of values) {
        const answer = await send(
          operation.method,
          `${ownPath(operation)}?${filter}=${value.replace(/["{}]/g, (letter) => encodeURIComponent(letter))}`,
        )
        expect(answer.status, `${filter}=${value.slice(0, 80)}: ${answer.text}`).toBe(400)
        expectRefusal(answer, 400)
        if (answer.text) expect(jsonOf(answer).errors[0].field).toMatch(new RegExp(`^${filter}\\b`))
      }
    }
  })
})

describe('barely valid HTTP', () => {
  it.each(['/v1/users/%FF', '/%', '/v1/%00', '/v1//users', '//', '/v1/users?%', `/${'a/'.repeat(5_000)}`])(
    '%s is answered',
    async (path) => {
      const answer = await send('GET', path)
      expect(answer.status).toBeOneOf([200, 400, 404])
      if (answer.status !== 200) expectRefusal(answer, answer.status)
    },
  )

  it('accepts an Accept of any size and shape', async () => {
    for (const accept of [
      '',
      ',',
      ';q=1',
      '*/*;q=x',
      'a/b,'.repeat(1_500),
      `application/json;q=${'9'.repeat(500)}`,
    ]) {
      const answer = await send('GET', '/v1/application', undefined, { accept })
      expect(answer.status).toBeOneOf([200, 406])
      if (answer.status === 406) expectRefusal(answer, 406)
    }
  })

  it('refuses tokens of any size and shape', async () => {
    for (const token of ['x'.repeat(10_000), '%00', '__proto__', "' or 1=1 --", 'ÿ']) {
      const answer = await send('GET', '/v1/application', undefined, { authorization: `Bearer ${token}` })
      expectRefusal(answer, 401)
    }
  })
})
