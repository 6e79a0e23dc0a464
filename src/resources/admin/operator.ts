// The people and keys that administer the installation.
import { z } from 'zod'
import { Limits, Role } from '#resources/admin/role.ts'
import { GivenTime, Id, isStorable, RequiredText, Timestamp } from '#resources/define.ts'

const usernameMax = 255
const passwordMax = 1_024
/** [NIST SP 800-63B-4 section 3.1.1.2, with a second factor or limited guessing] */
const passwordMin = 8

const applications = z
  .array(Id)
  .optional()
  .describe('Ids of the applications that access is limited to. Absent if access is not limited')

export const Operator = z
  .object({
    id: Id,
    username: z
      .string()
      .describe('Unique username. For operators who sign in with single sign-on, their email address'),
    role: Role,
    applications,
    signIn: z.enum(['password', 'sso']).describe('How the operator signs in'),
    lastSignInTime: Timestamp.optional(),
    createdTime: Timestamp,
  })
  .meta({ id: 'Operator' })
export type Operator = z.output<typeof Operator>

const Password = z
  .string()
  .min(passwordMin, `must have at least ${passwordMin} characters`)
  .max(passwordMax)
  .refine(isStorable, 'must be well-formed Unicode without NUL characters')

export const CreateOperator = z
  .object({
    username: RequiredText(usernameMax).refine((name) => name === name.trim(), 'must not begin or end blank'),
    password: Password,
    role: Role,
    applications: Limits.optional(),
  })
  .meta({ id: 'CreateOperator' })
export type CreateOperator = z.output<typeof CreateOperator>

export const PatchOperator = z
  .object({
    password: Password.optional().describe("New password. Ends the operator's sessions"),
    role: Role.optional(),
    applications: Limits.nullable()
      .optional()
      .describe('Ids of the applications that access is limited to. `null` removes the limit'),
  })
  .meta({ id: 'PatchOperator' })
export type PatchOperator = z.output<typeof PatchOperator>

export const AdminKey = z
  .object({
    id: Id,
    name: z.string(),
    hint: z.string().describe('Beginning of the key'),
    role: Role,
    applications,
    createdBy: z.string().describe('Name of the actor who created the key, as it was at that time'),
    expiresTime: Timestamp.optional().describe('Time at which the key expires. Absent if it does not expire'),
    createdTime: Timestamp,
  })
  .meta({ id: 'AdminKey' })
export type AdminKey = z.output<typeof AdminKey>

export const NewAdminKey = AdminKey.extend({
  key: z.string().describe('Key to send as `Authorization: Bearer`. Shown only once'),
}).meta({ id: 'NewAdminKey' })
export type NewAdminKey = z.output<typeof NewAdminKey>

export const CreateAdminKey = z
  .object({
    name: RequiredText(usernameMax),
    role: Role,
    applications: Limits.optional(),
    expiresTime: GivenTime.optional().describe(
      'Time at which the key expires. If absent, it does not expire',
    ),
  })
  .meta({ id: 'CreateAdminKey' })
export type CreateAdminKey = z.output<typeof CreateAdminKey>

/** Credentials to sign in with. Rules for new passwords do not apply: a password may be older than they are. */
export const SignIn = z
  .object({ username: RequiredText(usernameMax), password: z.string().min(1).max(passwordMax) })
  .meta({ id: 'SignIn' })

export const AdminSession = z
  .object({
    operator: Operator.optional().describe('Operator who is signed in. Absent for an admin key'),
    key: AdminKey.optional().describe('Admin key that the request was sent with'),
    role: Role,
    applications,
    csrfToken: z
      .string()
      .optional()
      .describe('Value of the header `x-csrf-token`, which every write with the cookie must send'),
    expiresTime: Timestamp.optional(),
  })
  .meta({ id: 'AdminSession' })
export type AdminSession = z.output<typeof AdminSession>
