// What the OpenAPI 3.1 documents of both APIs have in common.
import type { z } from 'zod'
import { ApiError, AuthenticationError } from '#resources/problem.ts'
import type { Described } from '#routes/mount.ts'
import { convert, type Json, merge } from '#routes/openapi/schemas.ts'

/** The server's origin in the committed documents; served ones have the real origin instead. */
export const localOrigin = 'http://localhost:9001'

/** The JSON schemas of inputs and of answers. */
export interface Shapes {
  given(schema: z.ZodType): Json
  answered(schema: z.ZodType): Json
}

interface Api<O extends Described> {
  info: { title: string; version: string; summary: string; description: string }
  /** Properties of tags, in addition to their names. */
  tags?: Record<string, Json>
  security: Json[]
  operations: O[]
  /** Prefix of all paths. */
  prefix: string
  /** Schemas of all inputs and answers of the operations. */
  given: z.ZodType[]
  answered: z.ZodType[]
  describe(operation: O, shapes: Shapes): Json
  /** Descriptions of the error responses. */
  refusals: { Unauthorized: string; AccessDenied: string; NotFound: string }
  components(shapes: Shapes): { responses?: Json; parameters?: Json; securitySchemes: Json }
}

export function documentOf<O extends Described>(api: Api<O>): Json {
  const given = convert(api.given, 'input')
  const answered = convert([...api.answered, ApiError, AuthenticationError], 'output')
  const shapes: Shapes = { given: given.of, answered: answered.of }
  const { responses, securitySchemes, ...others } = api.components(shapes)
  const document = {
    openapi: '3.1.0',
    info: { ...api.info, license: { name: 'Apache 2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: localOrigin }],
    tags: [...new Set(api.operations.map(({ tag }) => tag))].map((name) => ({ name, ...api.tags?.[name] })),
    security: api.security,
    paths: pathsOf(api, shapes),
    components: {
      schemas: merge(answered.components, given.components),
      ...others,
      responses: { ...responses, ...errorResponses(shapes, api.refusals) },
      securitySchemes,
    },
  }
  return JSON.parse(JSON.stringify(document).replaceAll('"#/$defs/', '"#/components/schemas/'))
}

function pathsOf<O extends Described>({ operations, prefix, describe }: Api<O>, shapes: Shapes) {
  const paths: Record<string, Json> = {}
  for (const each of operations) {
    const path = prefix + each.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: describe(each, shapes) }
  }
  return paths
}

export function parametersIn(place: 'path' | 'query', { properties, required }: Json): Json[] {
  return Object.entries(properties as Record<string, Json>).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    ...((description as string) && { description }),
    required: (required as string[] | undefined)?.includes(name) ?? false,
    schema,
  }))
}

export function content(types: string[], schema: Json): Json {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}

/** The error responses of every operation. */
export const errors = {
  400: { $ref: '#/components/responses/ClientError' },
  401: { $ref: '#/components/responses/Unauthorized' },
  403: { $ref: '#/components/responses/AccessDenied' },
  404: { $ref: '#/components/responses/NotFound' },
}

function errorResponses({ answered }: Shapes, refusals: Api<Described>['refusals']): Record<string, Json> {
  const response = (description: string, schema: z.ZodType) => ({
    description,
    content: content(['application/json'], answered(schema)),
  })
  return {
    ClientError: response('The request is invalid; `errors` names the invalid fields', ApiError),
    Unauthorized: response(refusals.Unauthorized, AuthenticationError),
    AccessDenied: response(refusals.AccessDenied, AuthenticationError),
    NotFound: response(refusals.NotFound, ApiError),
  }
}
