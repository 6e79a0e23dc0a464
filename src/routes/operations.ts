// Lists the operations of the Platform API.
import type { Context } from '#context.ts'
import { analyticsOperations } from '#routes/analytics.ts'
import { applicationOperations } from '#routes/application.ts'
import { channelMemberOperations } from '#routes/channel-members.ts'
import { channelOperations } from '#routes/channels.ts'
import { functionOperations } from '#routes/functions.ts'
import { importOperations } from '#routes/imports.ts'
import { jobOperations } from '#routes/jobs.ts'
import { messageOperations } from '#routes/messages.ts'
import type { Operation } from '#routes/operation.ts'
import { runtimeOperations } from '#routes/runtime.ts'
import { sessionOperations as userSessionOperations } from '#routes/sessions.ts'
import { threadOperations } from '#routes/threads.ts'
import { userOperations } from '#routes/users.ts'

/** Returns all operations of the Platform API. */
export function operationsOf(ctx: Context): Operation[] {
  return [
    ...applicationOperations(ctx),
    ...userOperations(ctx),
    ...channelOperations(ctx),
    ...channelMemberOperations(ctx),
    ...messageOperations(ctx),
    ...threadOperations(ctx),
    ...userSessionOperations(ctx),
    ...runtimeOperations(ctx),
    ...functionOperations(ctx),
    ...importOperations(ctx),
    ...jobOperations(ctx),
    ...analyticsOperations(ctx),
  ]
}
