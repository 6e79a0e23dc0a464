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
    const token = await issueToken(ctx, {
      grantType: form.grant_type,
      scope: form.scope,
      clientId: basic?.clientId ?? form.client_id ?? form.username,
      clientSecret: basic?.clientSecret ?? form.client_secret ?? form.password,
    })
    return reply.header('content-type', 'application/json').send(JSON.stringify(token))
  })
}

type Form = Record<string, string | undefined>

async function readForm(request: FastifyRequest): Promise<Form> {
  const form: Form = { ...textFields(request.query), ...textFields(request.body) }
  if (!request.isMultipart()) return form
  for await (const part of request.parts()) {
    if (part.type !== 'field') throw new ChatError('invalid_request', 'The form must have no files')
    if (typeof part.value === 'string') form[part.fieldname] = part.value
  }
  return form
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
