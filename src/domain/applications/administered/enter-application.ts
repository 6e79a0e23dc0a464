import type { Context } from '#context.ts'
import { isAdministered } from '#data/applications/administered.ts'
import { type ApplicationCaller, defaultScopes } from '#domain/access/caller.ts'
import { mustSeeApplication, type OperatorCaller } from '#domain/access/operator.ts'
import { notFound } from '#errors.ts'

/** Lets an operator act in place of a backend. @throws ChatError 404 for an application that they may not see */
export async function enterApplication(
  ctx: Context,
  operator: OperatorCaller,
  applicationId: number,
): Promise<ApplicationCaller> {
  mustSeeApplication(operator, applicationId)
  if (!(await isAdministered(ctx.db, applicationId))) throw notFound('application', applicationId)
  return { kind: 'application', applicationId, scopes: [...defaultScopes], operator }
}
