// Bodies of error responses (contract section f).
import { z } from 'zod'
import { Properties, Timestamp } from '#resources/define.ts'

const FieldProblem = z
  .object({
    resource: z.string().describe('Type of the resource that was refused'),
    field: z.string().describe('Invalid field, as a path with dots if it is nested'),
    code: z.enum(['missing_field', 'invalid', 'already_exists']),
    message: z.string(),
  })
  .meta({ id: 'FieldProblem' })

export const ApiError = z
  .object({
    error: z.string().describe('Type of the error, such as ResourceNotFoundError'),
    message: z.string().describe('Human-readable description of the error'),
    detail: z.string().optional().describe('What was not found. Only for a ResourceNotFoundError'),
    explanation: z.string().optional(),
    properties: Properties.optional(),
    timestamp: Timestamp,
    coolOffDuration: z
      .string()
      .optional()
      .describe('Time to wait, as an ISO 8601 duration such as PT1.5S. Only for a RateLimitedError'),
    ...FieldProblem.pick({ resource: true, field: true, code: true }).partial().shape,
    errors: z
      .array(FieldProblem)
      .optional()
      .describe('All invalid fields. If there is only one, it is also described at the top level'),
  })
  .meta({ id: 'ApiError' })

/** The error body of OAuth 2.0 (RFC 6749, RFC 6750). */
export const AuthenticationError = z
  .object({ error: z.string(), error_description: z.string() })
  .meta({ id: 'AuthenticationError' })
