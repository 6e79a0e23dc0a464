// The people and keys that administer the installation.
import { z } from 'zod'
import { Limits, Role } from '#resources/admin/role.ts'
import { Id, isStorable, RequiredText, Timestamp } from '#resources/define.ts'

const usernameMax = 255
const passwordMax = 1_024
/** [NIST SP 800-63B-4 section 3.1.1.2, with a second factor or limited guessing] */
const passwordMin = 8

const applications = z.array(Id).optional().describe('The only ones that are theirs to see; all where absent')

export const Operator = z
  .object({
    id: Id,
    username: z.string().describe('Of who signs in elsewhere, the address of their e-mail'),
    role: Role,
    applications,
    signIn: z.enum(['password', 'sso']).describe('How they sign in'),
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
    password: Password.optional().describe('Ends their sessions'),
    role: Role.optional(),
    applications: Limits.nullable().optional().describe('`null` for all applications'),
  })
  .meta({ id: 'PatchOperator' })
export type PatchOperator = z.output<typeof PatchOperator>

export const AdminKey = z
  .object({
    id: Id,
    name: z.string(),
    hint: z.string().describe('How it begins'),
    role: Role,
    applications,
    createdBy: z.string().describe('Who made it, by their name then'),
    expiresTime: Timestamp.optional().describe('Absent where it does not expire'),
    createdTime: Timestamp,
  })
  .meta({ id: 'AdminKey' })
export type AdminKey = z.output<typeof AdminKey>

export const NewAdminKey = AdminKey.extend({
  key: z.string().describe('To be sent as `Authorization: Bearer`; it is not shown again'),
}).meta({ id: 'NewAdminKey' })
export type NewAdminKey = z.output<typeof NewAdminKey>

export const CreateAdminKey = z
  .object({
    name: RequiredText(usernameMax),
    role: Role,
    applications: Limits.optional(),
    expiresTime: z.iso
      .datetime({ offset: true })
      .transform((text) => new Date(text).toISOString())
      .optional()
      .describe('It does not expire where absent'),
  })
  .meta({ id: 'CreateAdminKey' })
export type CreateAdminKey = z.output<typeof CreateAdminKey>

/** Credentials to sign in with. Rules for new passwords do not apply: a password may be older than they are. */
export const SignIn = z
  .object({ username: RequiredText(usernameMax), password: z.string().min(1).max(passwordMax) })
  .meta({ id: 'SignIn' })

export const AdminSession = z
  .object({
    operator: Operator.optional().describe('Who is signed in; absent for an admin key'),
    key: AdminKey.optional().describe('The admin key of the request'),
    role: Role,
    applications,
    csrfToken: z
      .string()
      .optional()
      .describe('The header `x-csrf-token` of every write that goes by the cookie'),
    expiresTime: Timestamp.optional(),
  })
  .meta({ id: 'AdminSession' })
export type AdminSession = z.output<typeof AdminSession>
