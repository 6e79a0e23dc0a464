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
    description: 'Lists the applications that the caller may access, oldest first.',
    route: 'GET /applications',
    right: 'read applications',
    answer: listOf(AdminApplication),
    handle: (operator, { list }) => listAdministeredApplications(ctx, operator, list),
  }),
  adminOperation({
    ...about,
    id: 'createApplication',
    summary: 'Create an application',
    description: 'Creates an application with its own credentials. The secret is shown only once.',
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
    description:
      'Retrieves an application with its name, the ids that clients use, and counts of its contents.',
    route: 'GET',
    right: 'read applications',
    answer: oneOf(AdminApplication),
    handle: (caller) => getAdministeredApplication(ctx, caller),
  }),
  insideOperation({
    ...about,
    id: 'updateApplication',
    summary: 'Update an application',
    description: 'Updates the given fields. `properties` is a JSON merge patch (RFC 7396).',
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
    description:
      'Deletes an application and everything in it: users, channels, messages, files and functions.',
    route: 'DELETE',
    right: 'change applications',
    answer: noContent,
    handle: (caller) => deleteApplication(ctx, caller, String(caller.applicationId)),
  }),
  insideOperation({
    ...about,
    id: 'rotateSecret',
    summary: 'Replace the client secret',
    description:
      'Generates a new client secret. The old one and its tokens become invalid immediately, or after an overlap of at most 30 days.',
    route: 'POST /rotate-secret',
    right: 'change applications',
    body: RotateSecret.optional(),
    answer: oneOf(RotatedSecret),
    handle: ({ operator, applicationId }, { body }) =>
      rotateSecret(ctx, operator, String(applicationId), { overlapMs: (body?.overlapSeconds ?? 0) * 1_000 }),
  }),
  insideOperation({
    ...about,
    id: 'retrieveSettings',
    about: 'settings',
    summary: 'Retrieve the settings of an application',
    description: 'Retrieves what users may do on their own, and how long messages are kept.',
    route: 'GET /settings',
    right: 'read settings',
    answer: oneOf(AdminSettings),
    handle: (caller) => getAdminSettings(ctx, caller),
  }),
  insideOperation({
    ...about,
    id: 'updateSettings',
    about: 'settings',
    summary: 'Update the settings of an application',
    description: 'Updates the given settings. The others stay unchanged.',
    route: 'PATCH /settings',
    right: 'change settings',
    body: PatchSettings,
    answer: oneOf(AdminSettings),
    handle: (caller, { body }) => patchSettings(ctx, caller, body),
  }),
]
