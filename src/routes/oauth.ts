// The token endpoint, in every form that clients have sent (contract section a).
import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { issueToken } from '#domain/applications/issue-token.ts'
import { ChatError } from '#errors.ts'

/** Bytes of one form field; no credential is longer. */
const fieldMax = 4096

export async function oauth(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  await scope.register(formbody, { bodyLimit: 16 * fieldMax })
  await scope.register(multipart, { limits: { fieldSize: fieldMax, fields: 16, files: 0 } })

  scope.post('/oauth/token', async (request, reply) => {
    const form = await readForm(request)
    const basic = readBasic(request.headers.authorization)
    const clientId = basic?.clientId ?? form.client_id ?? form.username
    const token = await scope.limitGuesses({ request, reply }, clientId, () =>
      issueToken(ctx, {
        grantType: form.grant_type,
        scope: form.scope,
        clientId,
        clientSecret: basic?.clientSecret ?? form.client_secret ?? form.password,
      }),
    )
    return reply.header('content-type', 'application/json').send(JSON.stringify(token))
  })
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
    // Limits have a status; what the parser itself throws has none.
    if ('statusCode' in (error as Error)) throw error
    throw new ChatError('invalid_request', 'The form is not valid multipart/form-data')
  }
  return parts
}

function textFields(fields: unknown): Form {
  return Object.fromEntries(
    Object.entries(fields ?? {}).filter((field): field is [string, string] => typeof field[1] === 'string'),
  )
}

/** RFC 7617; a header that is none is answered like wrong credentials. */
function readBasic(header: string | undefined) {
  if (header === undefined) return undefined
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header)?.[1] ?? ''
  const [clientId, ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return { clientId, clientSecret: secret.join(':') }
}
