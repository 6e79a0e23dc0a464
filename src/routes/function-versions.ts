import type { Context } from '#context.ts'
import { getFunctionVersion } from '#domain/functions/get-function-version.ts'
import { functionVersionResource } from '#resources/function.ts'
import { one, operation, WithId } from '#routes/operation.ts'

export const functionVersionOperations = (ctx: Context) => [
  operation({
    id: 'retrieveFunctionVersion',
    tag: 'FunctionVersions',
    about: 'function_version',
    summary: 'Retrieve a function version',
    description: 'One version of a function, by its own id.',
    route: 'GET /function-versions/:id',
    scopes: ['read:function_version'],
    params: WithId,
    answer: one(functionVersionResource),
    handle: (caller, { params }) => getFunctionVersion(ctx, caller, params.id),
  }),
]
