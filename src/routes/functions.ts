import type { Context } from '#context.ts'
import { createFunctionVersion } from '#domain/functions/create-function-version.ts'
import { getCurrentVersion } from '#domain/functions/get-current-version.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import { getFunctionVersion } from '#domain/functions/get-function-version.ts'
import { listFunctionVersions } from '#domain/functions/list-function-versions.ts'
import { listFunctionInvocations } from '#domain/functions/runs/list-function-invocations.ts'
import {
  CreateFunctionVersion,
  functionInvocationResource,
  functionResource,
  functionVersionResource,
} from '#resources/function.ts'
import { one, operation, pageOf, WithId } from '#routes/operation.ts'

const about = { tag: 'Functions', about: 'function' }

export const functionOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'retrieveFunction',
    summary: 'Retrieve a function',
    description: 'Retrieves a function by id.',
    route: 'GET /functions/:id',
    scopes: ['read:function'],
    params: WithId,
    answer: one(functionResource),
    handle: (caller, { params }) => getFunction(ctx, caller, params.id),
  }),
  operation({
    ...about,
    id: 'listFunctionVersions',
    summary: 'List function versions',
    description: 'Lists the versions of a function, newest first by default.',
    route: 'GET /functions/:id/versions',
    scopes: ['read:function', 'read:function_version'],
    params: WithId,
    answer: pageOf(functionVersionResource),
    handle: (caller, { params, page }) => listFunctionVersions(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'createFunctionVersion',
    about: 'function_version',
    summary: 'Create a function version',
    description: 'Deploys a new handler script, which runs from now on. Versions are numbered from 1.',
    route: 'POST /functions/:id/versions',
    scopes: ['read:function', 'create:function_version'],
    params: WithId,
    body: CreateFunctionVersion,
    answer: one(functionVersionResource),
    handle: (caller, { params, body }) => createFunctionVersion(ctx, caller, params.id, body),
  }),
  operation({
    ...about,
    id: 'retrieveFunctionCurrentVersion',
    summary: 'Retrieve the current version of a function',
    description: 'Retrieves the version that runs. Answers 404 if the function has no version yet.',
    route: 'GET /functions/:id/current-version',
    scopes: ['read:function', 'read:function_version'],
    params: WithId,
    answer: one(functionVersionResource),
    handle: (caller, { params }) => getCurrentVersion(ctx, caller, params.id),
  }),
  operation({
    ...about,
    id: 'listFunctionInvocations',
    summary: 'List function invocations',
    description: 'Lists the runs of a function, newest first by default.',
    route: 'GET /functions/:id/invocations',
    scopes: ['read:function', 'read:function_invocation'],
    params: WithId,
    answer: pageOf(functionInvocationResource),
    handle: (caller, { params, page }) => listFunctionInvocations(ctx, caller, params.id, page),
  }),
  operation({
    id: 'retrieveFunctionVersion',
    tag: 'FunctionVersions',
    about: 'function_version',
    summary: 'Retrieve a function version',
    description: 'Retrieves a version of a function by the id of the version.',
    route: 'GET /function-versions/:id',
    scopes: ['read:function_version'],
    params: WithId,
    answer: one(functionVersionResource),
    handle: (caller, { params }) => getFunctionVersion(ctx, caller, params.id),
  }),
]
