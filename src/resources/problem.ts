// Bodies of error responses (contract section f).
import { z } from 'zod'
import { Properties, Timestamp } from '#resources/define.ts'

const FieldProblem = z
  .object({
    resource: z.string().describe('The kind of resource that was refused'),
    field: z.string().describe('The field to blame, a path with dots where it is nested'),
    code: z.enum(['missing_field', 'invalid', 'already_exists']),
    message: z.string(),
  })
  .meta({ id: 'FieldProblem' })

export const ApiError = z
  .object({
    error: z.string().describe('What kind of error this is, such as ResourceNotFoundError'),
    message: z.string().describe('What went wrong, for a person'),
    detail: z.string().optional().describe('Of a ResourceNotFoundError, what was not found'),
    explanation: z.string().optional(),
    properties: Properties.optional(),
    timestamp: Timestamp,
    coolOffDuration: z
      .string()
      .optional()
      .describe('Of a RateLimitedError, how long to wait: an ISO 8601 duration such as PT1.5S'),
    ...FieldProblem.pick({ resource: true, field: true, code: true }).partial().shape,
    errors: z
      .array(FieldProblem)
      .optional()
      .describe('The fields to blame; of a single one, also at the top'),
  })
  .meta({ id: 'ApiError' })

/** The error body of OAuth 2.0 (RFC 6749, RFC 6750). */
export const AuthenticationError = z
  .object({ error: z.string(), error_description: z.string() })
  .meta({ id: 'AuthenticationError' })
