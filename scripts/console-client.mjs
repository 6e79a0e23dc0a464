// Generates the console's client of the admin API, console/src/api/generated.ts, from openapi-admin.yaml: schemas as
// types, and the operations as a table.
import { readFile, writeFile } from 'node:fs/promises'
import { parse } from 'yaml'

/** Written by hand, because generators in the registry need TypeScript's old API, which TypeScript 7 does not have. */
export async function writeConsoleClient() {
  const { paths, components } = parse(
    await readFile(new URL('../openapi-admin.yaml', import.meta.url), 'utf8'),
  )
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  )
  const text = [
    '// Made by scripts/console-client.mjs of openapi-admin.yaml.',
    ...Object.entries(components.schemas).map(([name, schema]) => `export type ${name} = ${typeOf(schema)}`),
    'export interface Operations {',
    ...operations.map((each) => `  ${each.operationId}: ${signatureOf(each)}`),
    '}',
    'export const operations = {',
    ...operations.map(({ operationId, method, path, 'x-role': role }) => {
      const facts = { method: method.toUpperCase(), path, ...(role && { role }) }
      return `  ${operationId}: ${JSON.stringify(facts)},`
    }),
    '} as const',
    '',
  ].join('\n')
  await writeFile(new URL('../console/src/api/generated.ts', import.meta.url), text)
}

function signatureOf({ parameters = [], requestBody, responses }) {
  const inputs = (place) => {
    const chosen = parameters.filter((each) => each.in === place)
    const fields = chosen.map(
      ({ name, required, schema }) => `${JSON.stringify(name)}${required ? '' : '?'}: ${typeOf(schema)}`,
    )
    return `{ ${fields.join('; ')} }`
  }
  const body = requestBody?.content['application/json']?.schema
  const [, success] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? []
  const answer = success?.content?.['application/json']?.schema
  return (
    `{ params: ${inputs('path')}; query: ${inputs('query')}; ` +
    `body: ${body ? typeOf(body) : 'undefined'}; answer: ${answer ? typeOf(answer) : 'undefined'} }`
  )
}

const primitives = { integer: 'number', number: 'number', string: 'string', boolean: 'boolean', null: 'null' }

/** Converts a JSON schema to a TypeScript type. */
function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1)
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) return `(${schema.enum.map((value) => JSON.stringify(value)).join(' | ')})`
  const choices = schema.oneOf ?? schema.anyOf
  if (choices) return `(${choices.map(typeOf).join(' | ')})`
  if (schema.allOf) return `(${schema.allOf.map(typeOf).join(' & ')})`
  if (Array.isArray(schema.type))
    return `(${schema.type.map((type) => typeOf({ ...schema, type })).join(' | ')})`
  if (schema.type === 'array') return `${typeOf(schema.items ?? {})}[]`
  if (schema.properties) return objectOf(schema)
  if (schema.type === 'object') return 'Record<string, unknown>'
  return primitives[schema.type] ?? 'unknown'
}

function objectOf({ properties, required = [] }) {
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  )
  return `{ ${fields.join('; ')} }`
}
