import type { Context } from '#context.ts'
import { type ApplicationSummary, findApplicationBy } from '#data/applications/applications.ts'
import { mustSeeAllApplications, type OperatorCaller } from '#domain/access/operator.ts'
import { createApplication } from '#domain/applications/create-application.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustExist } from '#errors.ts'

/** A new application, with its secret, which is shown only once. */
export interface RegisteredApplication extends ApplicationSummary {
  clientSecret: string
}

/** Creates an application with new credentials. @throws ChatError access_denied if the operator is limited */
export async function registerApplication(
  ctx: Context,
  operator: OperatorCaller,
  name: string,
): Promise<RegisteredApplication> {
  mustSeeAllApplications(operator)
  return ctx.db.transact(async (tx) => {
    const { clientId, clientSecret } = await createApplication(tx, name)
    const application = mustExist(await findApplicationBy(tx, clientId), 'client', clientId)
    const { id } = application
    await noteAct(tx, operator, {
      action: 'application.created',
      applicationId: id,
      target: { type: 'application', id },
      details: { name },
    })
    return { ...application, clientSecret }
  })
}
