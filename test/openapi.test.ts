import { readFile } from 'node:fs/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Context } from '#context.ts'
import { adminPrefix } from '#resources/admin/address.ts'
import type { AnyResource } from '#resources/define.ts'
import { describeAdminApi } from '#routes/admin/openapi.ts'
import { type AdminServices, adminOperationsOf } from '#routes/admin/operations.ts'
import { describeApi } from '#routes/openapi/platform.ts'
import { operationsOf } from '#routes/operations.ts'
import { toYaml } from '../scripts/openapi-yaml.ts'
import official from './support/official-operations.json' with { type: 'json' }

// Only the handlers of operations need a context, and none is called.
const operations = operationsOf({} as Context)
const committed = await readFile(new URL('../openapi.yaml', import.meta.url), 'utf8')
const document = parse(committed)

const adminOperations = adminOperationsOf({} as Context, {} as AdminServices)
const adminCommitted = await readFile(new URL('../openapi-admin.yaml', import.meta.url), 'utf8')

describe.each([
  ['openapi.yaml', committed, toYaml(describeApi(operations)), operations],
  [
    'openapi-admin.yaml',
    adminCommitted,
    toYaml(describeAdminApi(adminOperations, adminPrefix)),
    adminOperations,
  ],
])('%s', (name, committed, written, operations) => {
  const document = parse(committed)

  it('matches the operations and resources', () => {
    expect(committed === written, `${name} is out of date: npm run openapi`).toBe(true)
  })

  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(document.openapi).toMatch(/^3\.1\./)
  })

  it('refers only to existing components, and has no unused ones', () => {
    const references = new Set(committed.match(/#\/components\/\w+\/\w+/g))
    const components = Object.entries(document.components).flatMap(([kind, named]) =>
      Object.keys(named as object).map((name) => `#/components/${kind}/${name}`),
    )
    expect([...references].sort()).toEqual(
      components.filter((name) => !name.includes('/securitySchemes/')).sort(),
    )
  })

  it('describes every operation once, in words', () => {
    const described = operationsIn(document)
    expect(described.map(({ operationId }) => operationId).sort()).toEqual(
      operations.map(({ id }) => id).sort(),
    )
    for (const { summary, description } of described) {
      expect(summary).toMatch(/^[A-Z].*[^.]$/)
      expect(description).toMatch(/^\S.+\.$/)
    }
  })

  it('never forbids additional fields in a response', () => {
    expect(committed).not.toContain('additionalProperties: false')
  })
})

describe('the operations', () => {
  it('have the ids, methods, paths, parameters, statuses and schemas of the official ones', () => {
    // Others are our own: links lead there, or the hosted service has a dashboard for it.
    const served = operationsIn(document).filter(({ operationId }) => operationId in official)
    expect(Object.fromEntries(served.map((each) => [each.operationId, factsOf(each)]))).toEqual(official)
  })
})

describe('the links of resources', () => {
  const resources = new Set(
    operations.flatMap(({ answer }) => ('resource' in answer ? [answer.resource as AnyResource] : [])),
  )
  const links = [...resources].flatMap((resource) =>
    Object.entries(resource.links).map(([relation, link]) => ({ relation, href: link(anyEntity()) ?? '' })),
  )

  it('point to operations', () => {
    const leadNowhere = links.filter(({ href }) => href !== '' && !operationAt(href))
    expect(leadNowhere).toEqual([])
  })

  it('have only parameters that their operations know', () => {
    const templated = links.filter(({ href }) => href.includes('{'))
    expect(templated).not.toEqual([])
    for (const { href } of templated) {
      const names = href.slice(href.indexOf('?') + 1, -1).split(',')
      expect(parametersOf(operationAt(href), 'query')).toEqual(expect.arrayContaining(names))
    }
  })

  function operationAt(href: string): Described | undefined {
    const there = operationsIn(document).filter(
      ({ path }) => path.replace(/\{\w+\}/g, '*') === `/v1${pathOf(href)}`,
    )
    return there.find(({ method }) => method === 'get') ?? there[0]
  }

  function pathOf(href: string): string {
    return href.replace(/\{.*/, '')
  }

  /** Has every field; each is a `*` in a path. */
  function anyEntity(): object {
    const entity: object = new Proxy(
      {},
      { has: () => true, get: (_, key) => (key === Symbol.toPrimitive ? () => '*' : entity) },
    )
    return entity
  }
})

interface Described {
  method: string
  path: string
  operationId: string
  summary: string
  description: string
  parameters?: (Parameter | Referring)[]
  responses: Record<string, object | Referring>
}

function operationsIn({ paths }: { paths: Record<string, object> }): Described[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, ...operation })),
  )
}

function factsOf(operation: Described): string {
  const { method, path, responses } = operation
  const query = parametersOf(operation, 'query')
  expect(parametersOf(operation, 'path')).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
  const [[status, response] = []] = Object.entries(responses)
  const schemas = [...new Set(JSON.stringify(resolve(response ?? {})).match(/(?<=schemas\/)\w+/g))]
  const template = query.length > 0 ? `{?${query.sort()}}` : ''
  return `${method.toUpperCase()} ${path.replace('/v1', '')}${template} -> ${[status, ...schemas].join(' ')}`
}

function parametersOf(operation: Described | undefined, place: 'path' | 'query'): string[] {
  return (operation?.parameters ?? [])
    .map((parameter) => resolve(parameter))
    .filter((parameter) => parameter.in === place)
    .map(({ name }) => name)
}

interface Parameter {
  name: string
  in: 'path' | 'query'
}

interface Referring {
  $ref: string
}

function resolve<Part extends object>(part: Part | Referring): Part {
  if (!('$ref' in part)) return part
  const [, ...path] = String(part.$ref).split('/')
  return path.reduce((place, key) => place[key], document)
}
