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
    description:
      'Lists operators by name. Callers limited to applications see only operators who are limited to no others.',
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
      'Creates an operator who signs in with a password. Callers limited to applications can create only operators who are limited to no others.',
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
    summary: 'Update an operator',
    description:
      "Updates the given fields, with immediate effect. A new password ends the operator's sessions. The last owner of all applications must remain one.",
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
    description: 'Deletes an operator and ends their sessions. The audit log keeps what they did.',
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
    description:
      'Lists admin keys, newest first, including expired ones. Only the beginning of each key is shown.',
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
    description: 'Creates an admin key for scripts. The key is shown only once.',
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
    description: 'Deletes an admin key. Requests with it are refused immediately.',
    route: 'DELETE /keys/:id',
    right: 'change keys',
    params: WithId,
    answer: noContent,
    handle: (operator, { params }) => deleteAdminKey(ctx, operator, params.id),
  }),
]
