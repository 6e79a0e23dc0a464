import { z } from 'zod'
import { Id } from '#resources/define.ts'

/** Each role includes the permissions of those before it. */
export const roles = ['viewer', 'moderator', 'developer', 'owner'] as const

export const Role = z
  .enum(roles)
  .describe('Role of an operator or admin key. Each role includes the permissions of those before it')
  .meta({ id: 'Role' })
export type Role = z.output<typeof Role>

const applicationsMax = 100

/** The applications that an operator or a key is limited to. */
export const Limits = z
  .array(Id)
  .min(1, 'must name an application, or be left out for all of them')
  .max(applicationsMax)
  .transform((ids) => [...new Set(ids)])
