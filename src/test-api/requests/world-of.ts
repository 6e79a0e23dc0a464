// Which world a request belongs to: that of the application which its token, its grant or its client speaks for.
import type { FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { checkGrant } from '#domain/applications/check-grant.ts'
import { checkToken } from '#domain/applications/check-token.ts'
import { findClientApplication } from '#domain/applications/find-client-application.ts'
import { bearerToken } from '#wire/bearer.ts'

/** The id of the application that a request speaks for; undefined where that is unknown, or nobody's. */
export async function applicationOf(ctx: Context, request: FastifyRequest): Promise<number | undefined> {
  const { applicationId } = (await callerOf(ctx, request).catch(() => undefined)) ?? {}
  return applicationId
}

async function callerOf(
  ctx: Context,
  request: FastifyRequest,
): Promise<{ applicationId: number } | undefined> {
  const token = bearerToken(request)
  if (token !== undefined) return checkToken(ctx, token)
  const toWrite = request.headers.grant?.toString()
  if (toWrite) return checkGrant(ctx, 'write', toWrite)
  const { grant: toRead } = request.query as Record<string, unknown>
  return typeof toRead === 'string' ? checkGrant(ctx, 'read', toRead) : undefined
}

/** As {@link applicationOf}, of a request for a token whose form is read: its client, whatever its secret. */
export async function applicationOfClient(
  ctx: Context,
  request: FastifyRequest,
): Promise<number | undefined> {
  const clientId = clientIdOf(request)
  return clientId === undefined ? undefined : findClientApplication(ctx, clientId).catch(() => undefined)
}

function clientIdOf({ headers, query, body }: FastifyRequest): string | undefined {
  const basic = /^Basic +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString('utf8').split(':', 1)[0]
  const form = { ...(query as object), ...(body as object) } as Record<string, unknown>
  const clientId = form.client_id ?? form.username
  return typeof clientId === 'string' ? clientId : undefined
}
