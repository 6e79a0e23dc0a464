import type { Context } from '#context.ts'
import { createFunction } from '#domain/functions/create-function.ts'
import { listFunctions } from '#domain/functions/list-functions.ts'
import { getRuntime } from '#domain/functions/runtime/get-runtime.ts'
import { updateDependencies } from '#domain/functions/runtime/update-dependencies.ts'
import { updateEnvironmentVariables } from '#domain/functions/runtime/update-environment-variables.ts'
import { updateInitializationScript } from '#domain/functions/runtime/update-initialization-script.ts'
import { CreateFunction, functionResource } from '#resources/function.ts'
import {
  EnvironmentVariables,
  RuntimeScript,
  runtimeResource,
  UpdateDependencies,
} from '#resources/runtime.ts'
import { one, operation, pageOf } from '#routes/operation.ts'

const about = { tag: 'Runtime', about: 'runtime' }

export const runtimeOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'retrieveNodejsRuntime',
    summary: 'Retrieve the NodeJS runtime',
    description:
      "Retrieves the runtime of the application's functions. Only the beginning of the runtime's own client secret is shown.",
    route: 'GET /runtimes/nodejs',
    scopes: ['read:runtime'],
    answer: one(runtimeResource),
    handle: (caller) => getRuntime(ctx, caller),
  }),
  operation({
    ...about,
    id: 'updateNodejsRuntimeDependencies',
    summary: 'Update the NodeJS runtime dependencies',
    description:
      'Replaces the npm packages that functions can require. Default dependencies are always available.',
    route: 'PUT /runtimes/nodejs/dependencies',
    scopes: ['read:runtime', 'update:runtime'],
    body: UpdateDependencies,
    answer: one(runtimeResource),
    handle: (caller, { body }) => updateDependencies(ctx, caller, body),
  }),
  operation({
    ...about,
    id: 'updateNodejsRuntimeEnvironmentVariables',
    summary: 'Update the NodeJS runtime environment variables',
    description:
      'Replaces the environment variables, a flat map of strings. They are stored encrypted. Preset variables stay unchanged.',
    route: 'PUT /runtimes/nodejs/environment-variables',
    scopes: ['read:runtime', 'update:runtime'],
    body: EnvironmentVariables,
    answer: one(runtimeResource),
    handle: (caller, { body }) => updateEnvironmentVariables(ctx, caller, body),
  }),
  operation({
    ...about,
    id: 'updateNodejsRuntimeInitializationScript',
    summary: 'Update the NodeJS runtime initialization script',
    description: 'Replaces the script that runs before any function. A blank script removes it.',
    route: 'PUT /runtimes/nodejs/initialization-script',
    scopes: ['read:runtime', 'update:runtime'],
    body: RuntimeScript,
    answer: one(runtimeResource),
    handle: (caller, { body }) => updateInitializationScript(ctx, caller, body),
  }),
  operation({
    ...about,
    id: 'listNodejsRuntimeFunctions',
    about: 'function',
    summary: 'List NodeJS runtime functions',
    description: 'Lists the functions of the application, oldest first by default.',
    route: 'GET /runtimes/nodejs/functions',
    scopes: ['read:runtime', 'read:function'],
    answer: pageOf(functionResource),
    handle: (caller, { page }) => listFunctions(ctx, caller, page),
  }),
  operation({
    ...about,
    id: 'createNodejsRuntimeFunction',
    about: 'function',
    summary: 'Create a NodeJS runtime function',
    description: 'Creates a function for one type of event. The function runs as soon as it has a version.',
    route: 'POST /runtimes/nodejs/functions',
    scopes: ['read:runtime', 'read:function', 'create:function'],
    body: CreateFunction,
    answer: one(functionResource),
    handle: (caller, { body }) => createFunction(ctx, caller, body),
  }),
]
