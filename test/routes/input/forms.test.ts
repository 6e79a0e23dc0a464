import { describe, expect, it } from 'vitest'
import type { Operation } from '#routes/operation.ts'
import { expectRefusal } from '../../support/protects.ts'
import { jsonOf, openInput, table } from './bad-input.ts'

const { send, ownPath } = openInput()

describe('a form', () => {
  const withForm = table.filter(([, { form }]) => form !== undefined)
  const type = { 'content-type': 'multipart/form-data; boundary=b' }
  const field = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const json = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: application/json\r\n\r\n${value}\r\n`
  const file = (name = 'a.json', part = 'file', content = '[]') =>
    `--b\r\nContent-Disposition: form-data; name="${part}"; filename="${name}"\r\n` +
    `Content-Type: application/json\r\n\r\n${content}\r\n`
  const end = '--b--\r\n'
  const post = (operation: Operation, form: string | Buffer) =>
    send(operation.method, ownPath(operation), form, type)

  const broken: [string, string][] = [
    ['nothing', ''],
    ['only an end', end],
    ['no file', field('groupTag', 'x') + end],
    ['a file under another name', file('a.json', 'document') + end],
    ['a file that is no file', field('file', '[]') + end],
    ['no end', file()],
    ['a part without headers', `--b\r\n\r\n[]\r\n${end}`],
    ['a part that is cut off', `${file()}--b\r\nContent-Disposition: form-d`],
    ['another boundary', file().replaceAll('--b', '--c') + end],
    ['no form', '{}'],
    ['a thousand parts', field('x', 'y').repeat(1_000) + file() + end],
    ['a part of 2 MB', field('properties', 'x'.repeat(2_097_152)) + file() + end],
  ]
  it.each(withForm)('%s refuses one that is broken', async (_, operation) => {
    for (const [what, form] of broken) {
      const answer = await post(operation, form)
      expect(answer.status, `${what}: ${answer.text}`).toBeOneOf([400, 413])
      expectRefusal(answer, answer.status)
    }
  })

  it.each(withForm)(
    '%s accepts a file of any name, and parts that only look hostile',
    async (_, operation) => {
      const names = [
        '',
        '../../etc/passwd',
        'a\u0000b.json',
        'x'.repeat(5_000),
        '__proto__',
        'кот.json',
        '\u00ff',
      ]
      const answers = [
        ...names.map((name) => file(name)),
        Buffer.from(`${file('\xff\xfe')}`, 'latin1').toString('latin1'),
        field('__proto__', 'x') + file(),
        field('constructor', '{"prototype":{"polluted":1}}') + file(),
        field('x'.repeat(5_000), 'y') + file(),
      ].map((parts) => post(operation, Buffer.from(parts + end, 'latin1')))
      for (const answer of await Promise.all(answers)) {
        expect(answer.status, answer.text).toBeOneOf([200, 202, 400, 413])
        if (answer.status >= 400) expectRefusal(answer, answer.status)
      }
    },
  )

  const wrong: Record<string, string[]> = {
    groupTag: ['a\u0000b', 'x'.repeat(5_000)],
    properties: [
      '{',
      '[]',
      '5',
      '"x"',
      '{"a":"\\u0000"}',
      '{"a":"\\ud800"}',
      `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
    ],
    user: ['{', '{}', '[]', '5', '{"id":0}', '{"id":"1"}', '{"username":"\\u0000"}'],
    username: ['a\u0000b', 'x'.repeat(5_000)],
  }
  const withFields = withForm.filter(([, { form }]) => Object.keys(form?.fields.shape ?? {}).length > 0)
  it.each(withFields)('%s names the invalid part', async (_, operation) => {
    for (const name of Object.keys(operation.form?.fields.shape ?? {})) {
      const values = wrong[name]
      if (!values) throw new Error(`Say here what is no ${name}`)
      for (const value of values) {
        const answer = await post(operation, field(name, value) + file() + end)
        expect(answer.status, `${name}=${value.slice(0, 80)}: ${answer.text}`).toBe(400)
        expectRefusal(answer, 400)
        expect(jsonOf(answer).errors[0].field).toMatch(new RegExp(`^${name}\\b`))
        const declared = await post(operation, json(name, value) + file() + end)
        expect(declared.text, `${name}=${value.slice(0, 80)} declared as JSON`).toContain(`"field":"${name}`)
      }
    }
  })

  it.each(withFields)('%s reads parts declared as JSON as it reads others', async (_, operation) => {
    for (const [value, properties] of [
      ['', {}],
      ['null', {}],
      ['{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}')],
    ]) {
      for (const part of [json('properties', value), field('properties', value)]) {
        const answer = await post(operation, json('unknown', '{') + part + json('file', '[]') + end)
        expect(answer.status, answer.text).toBe(200)
        expect(JSON.stringify(jsonOf(answer).properties)).toBe(JSON.stringify(properties))
      }
    }
  })
})
