// Who may sign in to the console.
import { z } from 'zod'
import { optional } from '#config/values.ts'

export const operatorSettings = {
  CHATTERIE_ADMIN_PASSWORD: optional(
    z.string().min(8, 'must have at least 8 characters').max(1_024, 'must have at most 1024 characters'),
  ),
}

export interface OperatorConfig {
  /** Of the first operator, `admin`. */
  adminPassword?: string
}

export function operatorConfigOf({
  CHATTERIE_ADMIN_PASSWORD: adminPassword,
}: z.output<z.ZodObject<typeof operatorSettings>>): OperatorConfig {
  return adminPassword ? { adminPassword } : {}
}
