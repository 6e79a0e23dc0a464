// Lists the operations of the admin API.
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { activityOperations } from '#routes/admin/activity.ts'
import { applicationAdminOperations } from '#routes/admin/applications.ts'
import { auditOperations } from '#routes/admin/audit.ts'
import { channelAdminOperations } from '#routes/admin/channels.ts'
import { dataLifeOperations } from '#routes/admin/data-life.ts'
import { functionAdminOperations } from '#routes/admin/functions.ts'
import type { LiveFeed } from '#routes/admin/live-feed.ts'
import { messageAdminOperations } from '#routes/admin/messages.ts'
import type { AdminOperation } from '#routes/admin/operation.ts'
import { operatorOperations } from '#routes/admin/operators.ts'
import { sessionOperations } from '#routes/admin/session.ts'
import { statisticsOperations } from '#routes/admin/statistics.ts'
import { transferOperations } from '#routes/admin/transfers.ts'
import { uiAdminOperations } from '#routes/admin/ui.ts'
import { userAdminOperations } from '#routes/admin/users.ts'
import { webhookOperations } from '#routes/admin/webhooks.ts'

/** What handlers of the admin API need from the server. */
export type AdminServices = Pick<FastifyInstance, 'limitSignIns'> & { live: LiveFeed }

/** Returns all operations of the admin API (operating contract 2). @param services what handlers need from the server */
export function adminOperationsOf(ctx: Context, services: AdminServices): AdminOperation[] {
  return [
    ...sessionOperations(ctx, services),
    ...operatorOperations(ctx),
    ...applicationAdminOperations(ctx),
    ...uiAdminOperations(ctx),
    ...userAdminOperations(ctx),
    ...channelAdminOperations(ctx),
    ...messageAdminOperations(ctx),
    ...activityOperations(ctx),
    ...transferOperations(ctx),
    ...functionAdminOperations(ctx),
    ...statisticsOperations(ctx, services),
    ...webhookOperations(ctx),
    ...dataLifeOperations(ctx),
    ...auditOperations(ctx),
  ]
}
