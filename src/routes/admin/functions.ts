// Operations on functions: their code, their drafts and the results of their runs.
import { z } from 'zod'
import type { Context } from '#context.ts'
import { createFunction } from '#domain/functions/create-function.ts'
import { createFunctionVersion } from '#domain/functions/create-function-version.ts'
import { enableFunction } from '#domain/functions/enable-function.ts'
import { getDraft } from '#domain/functions/get-draft.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import { getSampleEvent } from '#domain/functions/get-sample-event.ts'
import { listFunctionVersions } from '#domain/functions/list-function-versions.ts'
import { listFunctions } from '#domain/functions/list-functions.ts'
import { listFunctionInvocations } from '#domain/functions/runs/list-function-invocations.ts'
import { tryFunction } from '#domain/functions/runs/try-function.ts'
import { saveDraft } from '#domain/functions/save-draft.ts'
import {
  AdminCreateFunction,
  AdminFunction,
  AdminFunctionVersion,
  AdminInvocation,
  DeployFunction,
  FunctionDraft,
  PatchFunction,
  SampleEvent,
  SaveDraft,
  Trial,
  TryFunction,
} from '#resources/admin/function.ts'
import { insideOperation, listOf, oneOf } from '#routes/admin/operation.ts'
import { partOf } from '#routes/admin/paged.ts'
import { PathId } from '#routes/operation.ts'

const about = { tag: 'Functions', about: 'function' }
const path = '/functions/:functionId'
const params = z.object({ functionId: PathId })

export const functionAdminOperations = (ctx: Context) => [
  insideOperation({
    ...about,
    id: 'listFunctions',
    summary: 'List functions',
    description: 'Oldest first.',
    route: 'GET /functions',
    right: 'read functions',
    answer: listOf(AdminFunction),
    handle: (caller, { list }) => partOf(list, (page) => listFunctions(ctx, caller, page)),
  }),
  insideOperation({
    ...about,
    id: 'createFunction',
    summary: 'Create a function',
    description: 'It runs as soon as a script is deployed to it.',
    route: 'POST /functions',
    right: 'change functions',
    status: 201,
    body: AdminCreateFunction,
    answer: oneOf(AdminFunction),
    handle: (caller, { body }) => createFunction(ctx, caller, { ...body, initializeAsynchronously: false }),
  }),
  insideOperation({
    ...about,
    id: 'retrieveFunction',
    summary: 'Retrieve a function',
    description: 'What it handles, and which version of it runs.',
    route: `GET ${path}`,
    right: 'read functions',
    params,
    answer: oneOf(AdminFunction),
    handle: (caller, { params }) => getFunction(ctx, caller, params.functionId),
  }),
  insideOperation({
    ...about,
    id: 'updateFunction',
    summary: 'Switch a function on or off',
    description: 'What waits to be run by one that is off is forgotten.',
    route: `PATCH ${path}`,
    right: 'change functions',
    params,
    body: PatchFunction,
    answer: oneOf(AdminFunction),
    handle: (caller, { params, body }) => enableFunction(ctx, caller, params.functionId, body.enabled),
  }),
  insideOperation({
    ...about,
    id: 'retrieveFunctionDraft',
    summary: 'Retrieve what is written at',
    description: 'The draft; where there is none, the script that runs, without `savedTime`.',
    route: `GET ${path}/draft`,
    right: 'read functions',
    params,
    answer: oneOf(FunctionDraft),
    handle: (caller, { params }) => getDraft(ctx, caller, params.functionId),
  }),
  insideOperation({
    ...about,
    id: 'saveFunctionDraft',
    summary: 'Save a draft',
    description: 'Keeps a script that does not run yet. It is gone once it is deployed as it is.',
    route: `PUT ${path}/draft`,
    right: 'change functions',
    params,
    body: SaveDraft,
    answer: oneOf(FunctionDraft),
    handle: (caller, { params, body }) => saveDraft(ctx, caller, params.functionId, body),
  }),
  insideOperation({
    ...about,
    id: 'listFunctionVersions',
    summary: 'List versions of a function',
    description: 'Newest first, with their scripts.',
    route: `GET ${path}/versions`,
    right: 'read functions',
    params,
    answer: listOf(AdminFunctionVersion),
    handle: (caller, { params, list }) =>
      partOf(list, (page) => listFunctionVersions(ctx, caller, params.functionId, page)),
  }),
  insideOperation({
    ...about,
    id: 'deployFunction',
    summary: 'Deploy a version',
    description: 'Gives the function a new script, which runs from then on; 400 where it does not compile.',
    route: `POST ${path}/versions`,
    right: 'change functions',
    status: 201,
    params,
    body: DeployFunction,
    answer: oneOf(AdminFunctionVersion),
    handle: (caller, { params, body }) => createFunctionVersion(ctx, caller, params.functionId, body),
  }),
  insideOperation({
    ...about,
    id: 'retrieveSampleEvent',
    summary: 'Retrieve a sample of its event',
    description: 'What the function may be given, made up, to try scripts with.',
    route: `GET ${path}/sample-event`,
    right: 'read functions',
    params,
    answer: oneOf(SampleEvent),
    handle: (caller, { params }) => getSampleEvent(ctx, caller, params.functionId),
  }),
  insideOperation({
    ...about,
    id: 'tryFunction',
    summary: 'Try a script',
    description:
      'Runs a script once with an event, where the function runs, and answers what came of it. Nothing is deployed or recorded, but what it asks of the API really happens.',
    route: `POST ${path}/try`,
    right: 'change functions',
    params,
    body: TryFunction,
    answer: oneOf(Trial),
    handle: (caller, { params, body }) => tryFunction(ctx, caller, params.functionId, body),
  }),
  insideOperation({
    ...about,
    about: 'invocation',
    id: 'listFunctionInvocations',
    summary: 'List what a function did',
    description: 'Newest first.',
    route: `GET ${path}/invocations`,
    right: 'read functions',
    params,
    answer: listOf(AdminInvocation),
    handle: (caller, { params, list }) =>
      partOf(list, (page) => listFunctionInvocations(ctx, caller, params.functionId, page)),
  }),
]
