import type { Context } from '#context.ts'
import { getAdminSettings } from '#domain/applications/administered/get-admin-settings.ts'
import { getAdministeredApplication } from '#domain/applications/administered/get-administered-application.ts'
import { listAdministeredApplications } from '#domain/applications/administered/list-administered-applications.ts'
import { patchSettings } from '#domain/applications/administered/patch-settings.ts'
import { updateApplication } from '#domain/applications/administered/update-application.ts'
import { deleteApplication } from '#domain/applications/delete-application.ts'
import { registerApplication } from '#domain/applications/register-application.ts'
import { rotateSecret } from '#domain/applications/rotate-secret.ts'
import {
  AdminApplication,
  AdminSettings,
  CreateApplication,
  NewAdminApplication,
  PatchApplication,
  PatchSettings,
  RotatedSecret,
  RotateSecret,
} from '#resources/admin/application.ts'
import { adminOperation, insideOperation, listOf, noContent, oneOf } from '#routes/admin/operation.ts'

const about = { tag: 'Applications', about: 'application' }

export const applicationAdminOperations = (ctx: Context) => [
  adminOperation({
    ...about,
    id: 'listApplications',
    summary: 'List applications',
    description: 'Those that are theirs to see, oldest first.',
    route: 'GET /applications',
    right: 'read applications',
    answer: listOf(AdminApplication),
    handle: (operator, { list }) => listAdministeredApplications(ctx, operator, list),
  }),
  adminOperation({
    ...about,
    id: 'createApplication',
    summary: 'Create an application',
    description: 'Makes an application with credentials of its own; the secret is shown this once.',
    route: 'POST /applications',
    right: 'change applications',
    status: 201,
    body: CreateApplication,
    answer: oneOf(NewAdminApplication),
    handle: async (operator, { body }) => {
      const { key: apiKey, clientId, ...made } = await registerApplication(ctx, operator, body.name)
      return {
        ...made,
        apiKey,
        ...(clientId !== null && { clientId }),
        properties: {},
        counts: { users: 0, channels: 0, messages: 0 },
      }
    },
  }),
  insideOperation({
    ...about,
    id: 'retrieveApplication',
    summary: 'Retrieve an application',
    description: 'What it is called, how clients reach it, and how much is in it.',
    route: 'GET',
    right: 'read applications',
    answer: oneOf(AdminApplication),
    handle: (caller) => getAdministeredApplication(ctx, caller),
  }),
  insideOperation({
    ...about,
    id: 'updateApplication',
    summary: 'Change an application',
    description: 'Changes what is given; `properties` are a merge patch (RFC 7396).',
    route: 'PATCH',
    right: 'change applications',
    body: PatchApplication,
    answer: oneOf(AdminApplication),
    handle: (caller, { body }) => updateApplication(ctx, caller, body),
  }),
  insideOperation({
    ...about,
    id: 'deleteApplication',
    summary: 'Delete an application',
    description: 'Removes it with everything in it: users, channels, messages, files, functions.',
    route: 'DELETE',
    right: 'change applications',
    answer: noContent,
    handle: (caller) => deleteApplication(ctx, caller, String(caller.applicationId)),
  }),
  insideOperation({
    ...about,
    id: 'rotateSecret',
    summary: 'Replace the client secret',
    description: 'The old one and its tokens are void, at once or after an overlap of at most 30 days.',
    route: 'POST /rotate-secret',
    right: 'change applications',
    body: RotateSecret.optional().transform((body) => body ?? { overlapSeconds: 0 }),
    answer: oneOf(RotatedSecret),
    handle: ({ operator, applicationId }, { body }) =>
      rotateSecret(ctx, operator, String(applicationId), { overlapMs: body.overlapSeconds * 1_000 }),
  }),
  insideOperation({
    ...about,
    id: 'retrieveSettings',
    about: 'settings',
    summary: 'Retrieve the settings of an application',
    description: 'What its users may do on their own, and how long what they write is kept.',
    route: 'GET /settings',
    right: 'read settings',
    answer: oneOf(AdminSettings),
    handle: (caller) => getAdminSettings(ctx, caller),
  }),
  insideOperation({
    ...about,
    id: 'updateSettings',
    about: 'settings',
    summary: 'Change the settings of an application',
    description: 'Changes those that are given; the others stay.',
    route: 'PATCH /settings',
    right: 'change settings',
    body: PatchSettings,
    answer: oneOf(AdminSettings),
    handle: (caller, { body }) => patchSettings(ctx, caller, body),
  }),
]
