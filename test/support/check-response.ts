// Checks that answers of the server are described by openapi.yaml or openapi-admin.yaml, without additional fields.
import type { Server, ServerResponse } from 'node:http'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import type { Context } from '#context.ts'
import { adminPrefix } from '#resources/admin/address.ts'
import { describeAdminApi } from '#routes/admin/openapi.ts'
import { type AdminServices, adminOperationsOf } from '#routes/admin/operations.ts'
import { describeApi } from '#routes/openapi/platform.ts'
import { operationsOf } from '#routes/operations.ts'
import { snake } from '#wire/casing.ts'
import { vendorType } from '#wire/negotiation.ts'

type Json = Record<string, unknown>
interface Schema {
  $ref?: string
  type?: string
  oneOf?: Schema[]
  discriminator?: { propertyName: string; mapping: Record<string, string> }
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema
}
interface Response {
  $ref?: string
  content?: Record<string, { schema: Schema }>
}
interface Operation {
  responses: Record<string, Response>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
}

// openapi.test.ts verifies that openapi.yaml is this document. Only handlers need a context, and none is called.
const ctx = {} as Context
const document = describeApi(operationsOf(ctx)) as unknown as Document
const adminDocument = describeAdminApi(
  adminOperationsOf(ctx, {} as AdminServices),
  adminPrefix,
) as unknown as Document

const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  discriminator: true,
  formats: {
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, // the format that the contract requires, section c
    uri: /^https?:\/\//,
    int32: true,
    int64: true,
  },
})
  .addSchema(JSON.parse(JSON.stringify(document, withoutLeeway)), 'api')
  .addSchema(JSON.parse(JSON.stringify(adminDocument, withoutLeeway)), 'admin')

/** Forbids fields that are not described. Clients must accept such fields, but here they would be a mistake. */
function withoutLeeway(_key: string, value: Schema): unknown {
  if (value?.discriminator)
    return { ...value, discriminator: { propertyName: value.discriminator.propertyName } }
  return value?.properties && value.type === 'object' && value.additionalProperties === undefined
    ? { ...value, additionalProperties: false }
    : value
}

/**
 * Checks the status, media type and body of an answer, in the spelling of its media type. Answers of paths that are not
 * operations of the API, such as `/health`, are checked only if they are errors.
 * @throws Error that describes the mismatch
 */
export function checkResponse(
  method: string,
  path: string,
  status: number,
  contentType: string | undefined,
  body: string,
): void {
  if (status === 408 && path.startsWith('/_test/')) return // tells of the nearest misses besides
  if (path.startsWith(`${adminPrefix}/`)) {
    checkAdmin(method, path, status, contentType, body)
    return
  }
  const operation = find(method, path)
  if (method === 'HEAD') checkHead(path, status, contentType, body)
  else if (method === 'OPTIONS' && status < 400) expectThat(body === '', 'it has a body')
  else if (status >= 400) checkError(operation !== undefined, status, contentType, body)
  else if (operation) checkSuccess(operation, status, contentType, body)
}

function checkAdmin(
  method: string,
  path: string,
  status: number,
  contentType: string | undefined,
  body: string,
): void {
  if (status >= 400) checkError(true, status, contentType, body)
  else if (method === 'HEAD' || method === 'OPTIONS') expectThat(body === '', 'it has a body')
  else checkAdminSuccess(method.toLowerCase(), path.replace(/\?.*/, ''), status, contentType, body)
}

function checkAdminSuccess(
  method: string,
  path: string,
  status: number,
  contentType: string | undefined,
  body: string,
): void {
  const [template, methods] =
    Object.entries(adminDocument.paths)
      .toSorted(([one], [other]) => one.split('{').length - other.split('{').length)
      .find(([template]) => matches(template, path)) ?? []
  const described = methods?.[method]?.responses[status]
  expectThat(described !== undefined, `the status ${status} is not described`)
  const type = mediaType(contentType)
  const { content } = described ?? {}
  if (!content) expectThat(body === '', 'it has a body')
  else expectThat(type in content, `the content type ${type} is not described`)
  if (!content || type !== 'application/json') return
  const place = ['paths', template, method, 'responses', status, 'content', type, 'schema']
  const steps = place.map((step) => encodeURIComponent(String(step).replaceAll('/', () => '~1')))
  validate({ $ref: `#/${steps.join('/')}` }, JSON.parse(body), 'admin')
}

const patterns = new Map<string, RegExp>()

function matches(template: string, path: string): boolean {
  const pattern = patterns.get(template) ?? new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`)
  patterns.set(template, pattern)
  return pattern.test(path)
}

/** Checks an answer to HEAD: like that of its own operation, or else of GET, but without a body. */
function checkHead(path: string, status: number, contentType: string | undefined, body: string): void {
  expectThat(body === '', 'it has a body')
  const operation = find('HEAD', path) ?? find('GET', path)
  if (!operation || status >= 400) return
  const { content } = describedBy(operation, status)
  if (content)
    expectThat(mediaType(contentType) in content, `the content type ${contentType} is not described`)
}

function describedBy({ responses }: Operation, status: number): Response {
  const described = responses[status]
  if (!described) throw new Error(`the status ${status} is not described`)
  return described.$ref ? resolve<Response>(described.$ref) : described
}

function checkSuccess(
  operation: Operation,
  status: number,
  contentType: string | undefined,
  body: string,
): void {
  const { content } = describedBy(operation, status)
  if (content) {
    const type = mediaType(contentType)
    const { schema } = content[type] ?? {}
    if (!schema) throw new Error(`the content type ${type} is not described`)
    const given = JSON.parse(body)
    validate(schema, type === vendorType ? camelCased(schema, given) : given)
  } else expectThat(body === '', 'it has a body')
}

function checkError(
  isOperation: boolean,
  status: number,
  contentType: string | undefined,
  body: string,
): void {
  expectThat(mediaType(contentType) === 'application/json', `an error has the content type ${contentType}`)
  const error = JSON.parse(body)
  const isAuthentication = isOperation ? status === 401 || status === 403 : 'error_description' in error
  const name = isAuthentication ? 'AuthenticationError' : 'ApiError'
  // The content type of an error is the same in both spellings, which the request decides.
  const schema = { $ref: `#/components/schemas/${name}` }
  const isSnake = Object.keys(error).some((key) => key.includes('_'))
  validate(schema, isSnake ? camelCased(schema, error) : error)
}

function find(method: string, path: string): Operation | undefined {
  const pattern = path
    .replace(/\?.*/, '')
    .replace(/\/$/, '')
    .replace(/^(\/v1)?(\/applications\/[^/]+)?(?=\/)/, '/v1')
    .replace(/^(\/v1)?\/applications\/[^/]+$/, '/v1/application')
  for (const [template, methods] of Object.entries(document.paths)) {
    const operation = methods[method.toLowerCase()]
    if (operation && matches(template, pattern)) return operation
  }
  return undefined
}

function mediaType(contentType: string | undefined): string {
  return contentType?.split(';')[0] ?? ''
}

function validate(schema: Schema, value: unknown, api = 'api'): void {
  const check = ajv.getSchema(`${api}${schema.$ref}`)
  if (!check) throw new Error(`there is no schema ${JSON.stringify(schema)}`)
  if (check(value)) return
  const errors = check.errors?.map(({ instancePath, message, params }) => {
    return `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`
  })
  throw new Error(`${schema.$ref}: ${errors?.join('; ')}`)
}

/** Converts a snake_case body to the names of its schema. Keys unknown to the schema, as in custom data, are kept. */
function camelCased(schema: Schema, value: unknown): unknown {
  const { items, properties, additionalProperties } = variantOf(schema, value)
  if (Array.isArray(value)) return value.map((item) => (items ? camelCased(items, item) : item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      if (typeof additionalProperties === 'object') return [key, camelCased(additionalProperties, field)]
      const [name, known] = Object.entries(properties ?? {}).find(([name]) => inSnakeCase(name) === key) ?? []
      if (name !== undefined && known) return [name, camelCased(known, field)]
      return [properties && key in properties ? `${key} in camelCase` : key, field]
    }),
  )
}

/** Returns a name in snake_case; `isGuest` is the only name that is the same in both spellings (contract c). */
function inSnakeCase(name: string): string {
  return name === 'isGuest' ? name : snake(name)
}

function variantOf(schema: Schema, value: unknown): Schema {
  const resolved = schema.$ref ? resolve<Schema>(schema.$ref) : schema
  const { propertyName = '', mapping = {} } = resolved.discriminator ?? {}
  const variant = mapping[(value as Record<string, string> | undefined)?.[propertyName] ?? '']
  return variant ? resolve<Schema>(variant) : resolved
}

function resolve<T>(reference: string): T {
  const [, ...path] = reference.split('/')
  return path.reduce((place, key) => place[key] as Json, document as unknown as Json) as T
}

function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

/** Collects the answers of a server that openapi.yaml does not describe. The returned set grows while it runs. */
export function checkResponses(server: Server): Set<string> {
  const wrong = new Set<string>()
  server.prependListener('request', (request, response) => {
    const chunks: Buffer[] = []
    let contentType: string | undefined
    listen(response, 'writeHead', (...given) => {
      const headers = given.at(-1) as Record<string, string> | undefined
      contentType = headers?.['content-type']
    })
    for (const method of ['write', 'end'] as const) {
      listen(response, method, (chunk) => {
        if (typeof chunk === 'string' || chunk instanceof Uint8Array)
          chunks.push(Buffer.from(chunk as string))
      })
    }
    const { currentTestName } = expect.getState()
    response.once('finish', () => {
      const { method = '', url = '' } = request
      try {
        // Node does not send a body that is written in answer to HEAD.
        const body = method === 'HEAD' ? '' : Buffer.concat(chunks).toString()
        contentType ??= response.getHeader('content-type')?.toString() // streamed answers set it there
        checkResponse(method, url, response.statusCode, contentType, body)
      } catch (error) {
        wrong.add(`${method} ${url} ${response.statusCode} (${currentTestName}): ${(error as Error).message}`)
      }
    })
  })
  return wrong
}

/** Calls a listener with the arguments of a method before each of its calls. */
function listen(
  response: ServerResponse,
  method: 'writeHead' | 'write' | 'end',
  hear: (...given: unknown[]) => void,
) {
  const original = response[method].bind(response) as (...given: unknown[]) => never
  response[method] = (...given: unknown[]) => {
    hear(...given)
    return original(...given)
  }
}
