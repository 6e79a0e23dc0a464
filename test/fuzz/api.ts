// The APIs that openapi.yaml and openapi-admin.yaml describe.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Schema } from './values.ts'

export interface Parameter {
  $ref?: string
  name: string
  in: 'path' | 'query'
  required?: boolean
  schema: Schema
}
interface Operation {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, unknown> }>
}
interface Description {
  paths: Record<string, Record<string, Operation>>
}

/** A described API and its base paths. */
export class Api {
  readonly paths: Description['paths']
  readonly base: string
  readonly otherBases: string[]
  readonly #whole: unknown

  constructor(file: string, base: string, otherBases: string[]) {
    this.#whole = parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
    this.paths = (this.#whole as Description).paths
    this.base = base
    this.otherBases = otherBases
  }

  /** Returns what a `$ref` refers to. */
  readonly resolve = <T>(reference: string): T => {
    const steps = reference.split('/').slice(1)
    return steps.reduce((at, step) => (at as Record<string, unknown>)[step], this.#whole) as T
  }
}

export const platformApi = new Api('openapi.yaml', '/v1', [
  '',
  '/v1/applications/me',
  '/applications/me',
  '/applications/1',
  '/v1/applications/%',
  '/v2',
])
export const adminApi = new Api('openapi-admin.yaml', '/admin/v1', [
  '/admin',
  '/admin/v2',
  '/admin/v1/',
  '/v1',
])
