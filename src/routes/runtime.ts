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

const tag = 'Runtime'
const about = 'runtime'

export const runtimeOperations = (ctx: Context) => [
  operation({
    id: 'retrieveNodejsRuntime',
    tag,
    about,
    summary: 'Retrieve the NodeJS runtime',
    description:
      'Where the functions of the application run. Of the secret of its own client only the start is shown.',
    method: 'GET',
    path: '/runtimes/nodejs',
    scopes: ['read:runtime'],
    answer: one(runtimeResource),
    handle: (caller) => getRuntime(ctx, caller),
  }),
  operation({
    id: 'updateNodejsRuntimeDependencies',
    tag,
    about,
    summary: 'Update the NodeJS runtime dependencies',
    description:
      'Replaces the npm packages that functions can require; default dependencies are always there.',
    method: 'PUT',
    path: '/runtimes/nodejs/dependencies',
    scopes: ['read:runtime', 'update:runtime'],
    body: UpdateDependencies,
    answer: one(runtimeResource),
    handle: (caller, { body }) => updateDependencies(ctx, caller, body),
  }),
  operation({
    id: 'updateNodejsRuntimeEnvironmentVariables',
    tag,
    about,
    summary: 'Update the NodeJS runtime environment variables',
    description:
      'Replaces the environment variables, a flat map of strings, which are kept encrypted. The preset ones stay as they are.',
    method: 'PUT',
    path: '/runtimes/nodejs/environment-variables',
    scopes: ['read:runtime', 'update:runtime'],
    body: EnvironmentVariables,
    answer: one(runtimeResource),
    handle: (caller, { body }) => updateEnvironmentVariables(ctx, caller, body),
  }),
  operation({
    id: 'updateNodejsRuntimeInitializationScript',
    tag,
    about,
    summary: 'Update the NodeJS runtime initialization script',
    description: 'Replaces the script that runs before any function does; a blank one removes it.',
    method: 'PUT',
    path: '/runtimes/nodejs/initialization-script',
    scopes: ['read:runtime', 'update:runtime'],
    body: RuntimeScript,
    answer: one(runtimeResource),
    handle: (caller, { body }) => updateInitializationScript(ctx, caller, body),
  }),
  operation({
    id: 'listNodejsRuntimeFunctions',
    tag,
    about: 'function',
    summary: 'List NodeJS runtime functions',
    description: 'A page of the functions of the application, oldest first unless sorted otherwise.',
    method: 'GET',
    path: '/runtimes/nodejs/functions',
    scopes: ['read:runtime', 'read:function'],
    answer: pageOf(functionResource),
    handle: (caller, { page }) => listFunctions(ctx, caller, page),
  }),
  operation({
    id: 'createNodejsRuntimeFunction',
    tag,
    about: 'function',
    summary: 'Create a NodeJS runtime function',
    description: 'Makes a function for one type of event. It runs as soon as it has a version.',
    method: 'POST',
    path: '/runtimes/nodejs/functions',
    scopes: ['read:runtime', 'read:function', 'create:function'],
    body: CreateFunction,
    answer: one(functionResource),
    handle: (caller, { body }) => createFunction(ctx, caller, body),
  }),
]
