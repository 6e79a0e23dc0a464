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
    description: 'Lists functions, oldest first.',
    route: 'GET /functions',
    right: 'read functions',
    answer: listOf(AdminFunction),
    handle: (caller, { list }) => partOf(list, (page) => listFunctions(ctx, caller, page)),
  }),
  insideOperation({
    ...about,
    id: 'createFunction',
    summary: 'Create a function',
    description: 'Creates a function. It runs as soon as a script is deployed to it.',
    route: 'POST /functions',
    right: 'change functions',
    status: 201,
    body: AdminCreateFunction,
    answer: oneOf(AdminFunction),
    handle: (caller, { body }) => createFunction(ctx, caller, body),
  }),
  insideOperation({
    ...about,
    id: 'retrieveFunction',
    summary: 'Retrieve a function',
    description:
      'Retrieves a function, with the type of event it handles and the number of the version that runs.',
    route: `GET ${path}`,
    right: 'read functions',
    params,
    answer: oneOf(AdminFunction),
    handle: (caller, { params }) => getFunction(ctx, caller, params.functionId),
  }),
  insideOperation({
    ...about,
    id: 'updateFunction',
    summary: 'Enable or disable a function',
    description: 'Enables or disables a function. Pending runs of a disabled function are discarded.',
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
    summary: 'Retrieve the draft of a function',
    description: 'Retrieves the draft. If there is none, returns the script that runs, without `savedTime`.',
    route: `GET ${path}/draft`,
    right: 'read functions',
    params,
    answer: oneOf(FunctionDraft),
    handle: (caller, { params }) => getDraft(ctx.db, caller, params.functionId),
  }),
  insideOperation({
    ...about,
    id: 'saveFunctionDraft',
    summary: 'Save a draft',
    description:
      'Saves a script without running it. The draft is deleted once the same script is deployed. Send `replaces`, so that two who edit it do not overwrite each other.',
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
    description: 'Lists the versions of a function with their scripts, newest first.',
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
    description: 'Deploys a new script, which runs from now on. Answers 400 if the script does not compile.',
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
    summary: 'Retrieve a sample event',
    description: "Retrieves an invented event of the function's type, to try scripts with.",
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
      "Runs a script once with an event, in the runtime of the function, and returns the result. Nothing is deployed or recorded, but the script's API requests take effect.",
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
    summary: 'List invocations of a function',
    description: 'Lists the invocations of a function, newest first.',
    route: `GET ${path}/invocations`,
    right: 'read functions',
    params,
    answer: listOf(AdminInvocation),
    handle: (caller, { params, list }) =>
      partOf(list, (page) => listFunctionInvocations(ctx, caller, params.functionId, page)),
  }),
]
