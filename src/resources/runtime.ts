// The environment of an application's functions: npm dependencies, environment variables, initialization script.
import { z } from 'zod'
import { defineResource, Id, isObject, isStorable, RequiredText, Text } from '#resources/define.ts'

/** Version of the environment that functions can rely on; grows with its features. */
export const runtimeVersion = 'v1.0.0'

export const RuntimeDependency = z
  .object({
    name: z.string().describe('Name of the npm package'),
    version: z.string().describe('Version, or range of versions, of the npm package'),
    defaultDependency: z
      .boolean()
      .describe('Whether the package is always available, without being requested'),
  })
  .meta({ id: 'ChatRuntimeDependencyProperties' })
export type RuntimeDependency = z.output<typeof RuntimeDependency>

/** Installed in every runtime, with the versions that the official functions SDK requires. */
export const defaultDependencies: readonly RuntimeDependency[] = [
  { name: 'axios', version: '^0.26.1', defaultDependency: true },
  { name: 'axios-token-interceptor', version: '^0.2.0', defaultDependency: true },
  { name: 'chatkitty-platform-sdk', version: '2.4.0', defaultDependency: true },
  { name: 'qs', version: '^6.9.4', defaultDependency: true },
]
const dependenciesMax = 100

/** Dependencies to install in addition to the default ones. */
export const UpdateDependencies = z
  .array(
    z.object({
      name: RequiredText(214),
      version: RequiredText(256),
      defaultDependency: z.boolean().default(false),
    }),
  )
  .max(dependenciesMax)
export type UpdateDependencies = z.output<typeof UpdateDependencies>

/** Names as in POSIX (Base Definitions, 8.1), with lower-case letters allowed. */
const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/
const variablesMax = 100
const variablesLengthMax = 65_536

/** The keys belong to the customer and are never renamed. */
export const EnvironmentVariables = z
  .custom<Record<string, string>>(isObject, { error: 'must be an object of strings' })
  .superRefine((variables: Record<string, unknown>, check) => {
    const entries = Object.entries(variables)
    for (const [name, value] of entries) {
      const refuse = (message: string) => check.addIssue({ code: 'custom', path: [name], message })
      if (!variableName.test(name)) refuse('must be named with letters, digits and _, no digit first')
      else if (typeof value !== 'string') refuse('must be a string')
      else if (!isStorable(value)) refuse('must be well-formed Unicode without NUL characters')
    }
    const length = entries
      .flat()
      .reduce((sum: number, text) => sum + (typeof text === 'string' ? text.length : 0), 0)
    if (entries.length > variablesMax || length > variablesLengthMax) {
      const message = `must be ${variablesMax} variables and ${variablesLengthMax} characters at most`
      check.addIssue({ code: 'custom', path: [], message })
    }
  })
  .meta({
    type: 'object',
    additionalProperties: { type: 'string' },
    id: 'ChatRuntimeEnvironmentVariablesProperties',
  })
export type EnvironmentVariables = z.output<typeof EnvironmentVariables>

/** Maximum length of a JavaScript or TypeScript script, in characters. */
export const scriptMax = 500_000

export const RuntimeScript = z
  .object({ script: Text(scriptMax).describe('Script in JavaScript or TypeScript') })
  .meta({ id: 'ChatRuntimeScriptProperties' })
export type RuntimeScript = z.output<typeof RuntimeScript>

export const Runtime = z.object({
  id: Id,
  type: z.literal('NODEJS'),
  version: z.string().describe('Version of the runtime itself'),
  dependencies: z.array(RuntimeDependency),
  initializationScript: RuntimeScript.optional(),
  environmentVariables: EnvironmentVariables,
})
export type Runtime = z.output<typeof Runtime>

export const runtimeResource = defineResource({
  name: 'runtime',
  collection: 'runtimes',
  component: 'ChatRuntimeResource',
  shape: Runtime,
  links: {
    self: () => '/runtimes/nodejs',
    dependencies: () => '/runtimes/nodejs/dependencies',
    initializationScript: () => '/runtimes/nodejs/initialization-script',
    functions: () => '/runtimes/nodejs/functions',
    application: () => '',
  },
})
