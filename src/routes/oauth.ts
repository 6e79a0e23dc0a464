// The token endpoint, in every form that clients have sent (contract section a).
import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { issueToken } from '#domain/applications/issue-token.ts'
import { ChatError } from '#errors.ts'

/** Maximum size of a form field in bytes; no credential is longer. */
const fieldMax = 4096

/** Maximum number of fields of a form. */
const fieldsMax = 16

export async function oauth(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  await scope.register(formbody, { bodyLimit: fieldsMax * fieldMax })
  await scope.register(multipart, { limits: { fieldSize: fieldMax, fields: fieldsMax, files: 0 } })
  scope.setErrorHandler((error) => {
    throw asInvalidRequest(error)
  })

  scope.post('/oauth/token', { config: { operation: 'issueToken' } }, async (request, reply) => {
    const form = await readForm(request)
    const [first, encoded] = readCredentials(request.headers.authorization, form)
    const token = await scope.limitGuesses({ request, reply }, first.clientId, async () => {
      const ask = (credentials: Credentials) =>
        issueToken(ctx, { grantType: form.grant_type, scope: form.scope, ...credentials })
      try {
        return await ask(first)
      } catch (error) {
        if (!encoded || !isWrong(error)) throw error
        return ask(encoded)
      }
    })
    return reply.header('content-type', 'application/json').send(JSON.stringify(token))
  })
}

/** Errors of this endpoint have the body of RFC 6749 5.2, also where Fastify could not read the request. */
function asInvalidRequest(error: unknown): unknown {
  const { statusCode, message } = error as FastifyError
  return statusCode === 400 ? new ChatError('invalid_request', message) : error
}

type Form = Record<string, string | undefined>

async function readForm(request: FastifyRequest): Promise<Form> {
  const form: Form = { ...textFields(request.query), ...textFields(request.body) }
  return request.isMultipart() ? { ...form, ...(await readParts(request)) } : form
}

async function readParts(request: FastifyRequest): Promise<Form> {
  const parts: Form = {}
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field' && typeof part.value === 'string') parts[part.fieldname] = part.value
    }
  } catch (error) {
    const isTooMuch = (error as FastifyError).statusCode === 413
    throw new ChatError(
      'invalid_request',
      isTooMuch
        ? `A form may have ${fieldsMax} fields and no files`
        : 'The form is not valid multipart/form-data',
    )
  }
  return parts
}

function textFields(fields: unknown): Form {
  return Object.fromEntries(
    Object.entries(fields ?? {}).filter((field): field is [string, string] => typeof field[1] === 'string'),
  )
}

interface Credentials {
  clientId?: string | undefined
  clientSecret?: string | undefined
}

/**
 * Returns the credentials of a request; HTTP Basic takes precedence over the form. Basic credentials should be
 * form-encoded (RFC 6749 2.3.1), but most clients send them raw (RFC 7617), so both readings are tried, the raw one
 * first. A malformed header is treated like wrong credentials.
 */
function readCredentials(header: string | undefined, form: Form): [Credentials, Credentials?] {
  if (header === undefined) {
    return [{ clientId: form.client_id ?? form.username, clientSecret: form.client_secret ?? form.password }]
  }
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header)?.[1] ?? ''
  const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  const clientSecret = rest.join(':')
  const raw = { clientId, clientSecret }
  if (!/[%+]/.test(clientId + clientSecret)) return [raw]
  try {
    return [raw, { clientId: formDecoded(clientId), clientSecret: formDecoded(clientSecret) }]
  } catch {
    return [raw]
  }
}

/** @throws URIError */
function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

function isWrong(error: unknown): boolean {
  return error instanceof ChatError && error.kind === 'invalid_client'
}
