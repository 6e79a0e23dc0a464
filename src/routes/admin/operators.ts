import type { Context } from '#context.ts'
import { createAdminKey } from '#domain/operators/create-admin-key.ts'
import { createOperator } from '#domain/operators/create-operator.ts'
import { deleteAdminKey } from '#domain/operators/delete-admin-key.ts'
import { deleteOperator } from '#domain/operators/delete-operator.ts'
import { listAdminKeys } from '#domain/operators/list-admin-keys.ts'
import { listOperators } from '#domain/operators/list-operators.ts'
import { updateOperator } from '#domain/operators/update-operator.ts'
import {
  AdminKey,
  CreateAdminKey,
  CreateOperator,
  NewAdminKey,
  Operator,
  PatchOperator,
} from '#resources/admin/operator.ts'
import { adminOperation, listOf, noContent, oneOf } from '#routes/admin/operation.ts'
import { WithId } from '#routes/operation.ts'

export const operatorOperations = (ctx: Context) => [
  adminOperation({
    id: 'listOperators',
    tag: 'Operators',
    about: 'operator',
    summary: 'List operators',
    description: 'By name. Who is limited to applications sees those who are limited to no others.',
    route: 'GET /operators',
    right: 'read operators',
    answer: listOf(Operator),
    handle: (operator, { list }) => listOperators(ctx, operator, list),
  }),
  adminOperation({
    id: 'createOperator',
    tag: 'Operators',
    about: 'operator',
    summary: 'Create an operator',
    description:
      'Makes somebody who signs in with a password. Who is limited to applications makes only operators who are, too.',
    route: 'POST /operators',
    right: 'change operators',
    status: 201,
    body: CreateOperator,
    answer: oneOf(Operator),
    handle: (operator, { body }) => createOperator(ctx, operator, body),
  }),
  adminOperation({
    id: 'updateOperator',
    tag: 'Operators',
    about: 'operator',
    summary: 'Change an operator',
    description:
      'Changes what is given, at once. A new password ends their sessions. The last owner of all applications stays one.',
    route: 'PATCH /operators/:id',
    right: 'change operators',
    params: WithId,
    body: PatchOperator,
    answer: oneOf(Operator),
    handle: (operator, { params, body }) => updateOperator(ctx, operator, params.id, body),
  }),
  adminOperation({
    id: 'deleteOperator',
    tag: 'Operators',
    about: 'operator',
    summary: 'Delete an operator',
    description: 'Ends their sessions. What they did stays in the audit.',
    route: 'DELETE /operators/:id',
    right: 'change operators',
    params: WithId,
    answer: noContent,
    handle: (operator, { params }) => deleteOperator(ctx, operator, params.id),
  }),
  adminOperation({
    id: 'listKeys',
    tag: 'Keys',
    about: 'key',
    summary: 'List admin keys',
    description: 'Newest first, expired ones too. Of a key itself only its beginning is known.',
    route: 'GET /keys',
    right: 'read keys',
    answer: listOf(AdminKey),
    handle: (operator, { list }) => listAdminKeys(ctx, operator, list),
  }),
  adminOperation({
    id: 'createKey',
    tag: 'Keys',
    about: 'key',
    summary: 'Create an admin key',
    description: 'Makes a key for scripts, which is shown this once.',
    route: 'POST /keys',
    right: 'change keys',
    status: 201,
    body: CreateAdminKey,
    answer: oneOf(NewAdminKey),
    handle: (operator, { body }) => createAdminKey(ctx, operator, body),
  }),
  adminOperation({
    id: 'deleteKey',
    tag: 'Keys',
    about: 'key',
    summary: 'Delete an admin key',
    description: 'It opens nothing any more, at once.',
    route: 'DELETE /keys/:id',
    right: 'change keys',
    params: WithId,
    answer: noContent,
    handle: (operator, { params }) => deleteAdminKey(ctx, operator, params.id),
  }),
]
