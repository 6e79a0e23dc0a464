// Determines the world of a request: the application that its token, grant or client belongs to.
import type { FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { checkGrant } from '#domain/applications/check-grant.ts'
import { checkToken } from '#domain/applications/check-token.ts'
import { findClientApplication } from '#domain/applications/find-client-application.ts'
import { bearerToken } from '#wire/bearer.ts'

/** Returns the id of the application that a request acts for; undefined if unknown. */
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

/** Like {@link applicationOf}, for a parsed token request: by its client id, without checking the secret. */
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
