import { isDeepStrictEqual } from 'node:util'
import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { findUserByName } from '#data/users/users.ts'
import { type DecidingWebhook, decidingWebhooks } from '#data/webhooks/webhooks.ts'
import { backendOf } from '#domain/access/caller.ts'
import { merging } from '#domain/merge-patch.ts'
import { createUser } from '#domain/users/create-user.ts'
import { updateUser } from '#domain/users/update-user.ts'
import { signDelivery } from '#domain/webhooks/sign-delivery.ts'
import { ChatError } from '#errors.ts'
import { blockingType } from '#resources/function.ts'
import { Admission } from '#resources/webhook.ts'

interface Attempt {
  username: string
  authParams: Record<string, unknown>
}

const messageMax = 1_000

/**
 * Asks the webhooks that decide who may connect, oldest first. Each must allow it; as with functions that throw, a
 * webhook that does not answer refuses. What they say about the user is saved.
 * @returns false if there are none, so that nobody was asked
 * @throws ChatError AccessDeniedError with the message of the webhook that refuses, or why it did not answer
 */
export async function askWebhooks(ctx: Context, applicationId: number, attempt: Attempt): Promise<boolean> {
  const webhooks = await decidingWebhooks(ctx.db, applicationId, blockingType)
  const users: Admission['user'][] = []
  for (const webhook of webhooks) {
    const { allow, message, user } = await askOneAfterAnother(ctx, applicationId, webhook, attempt)
    if (!allow) throw denied(message || 'A webhook refused this session')
    users.push(user)
  }
  for (const user of users) if (user) await keepUser(ctx, applicationId, attempt.username, user)
  return webhooks.length > 0
}

/** Asks once it is this question's turn. @throws ChatError also if too many questions are ahead of this one */
async function askOneAfterAnother(
  ctx: Context,
  applicationId: number,
  webhook: DecidingWebhook,
  attempt: Attempt,
): Promise<Admission> {
  const { functionBlockingTimeoutMs: patienceMs } = ctx.config
  const asking = () => ask(ctx, applicationId, webhook, attempt)
  const admission = await ctx.webhooks.questions.ask(webhook.id, patienceMs, asking)
  if (admission) return admission
  ctx.metrics.webhookAttempts.observe(0, blockingType, 'failed')
  const log = { webhookId: webhook.id, applicationId }
  ctx.log.warn(log, 'a webhook that decides on connects has too many pending requests')
  throw denied('The webhook that decides who may connect has too many pending requests')
}

/** @throws ChatError if the webhook does not answer in time, or its answer is not valid */
async function ask(
  ctx: Context,
  applicationId: number,
  webhook: DecidingWebhook,
  data: Attempt,
): Promise<Admission> {
  const { id: webhookId, url } = webhook
  const messageId = `msg_${uuid().replaceAll('-', () => '')}`
  const time = new Date(ctx.clock.now()).toISOString()
  const body = JSON.stringify({ type: blockingType, timestamp: time, data })
  const watched = { applicationId, webhookId, messageId, type: blockingType, attempts: [], body }
  const watch = ctx.testApi?.watchDelivery(ctx.clock, watched, async () => () => {})
  const { functionBlockingTimeoutMs: timeoutMs } = ctx.config
  const signal = AbortSignal.timeout(timeoutMs)
  const since = performance.now()
  let status: number | undefined
  let result: 'allowed' | 'refused' | 'failed' = 'failed'
  let error: string | undefined
  try {
    const headers = await signDelivery(ctx, { ...webhook, webhookId, messageId }, body)
    const send = () => ctx.webhooks.post(url, headers, body, signal)
    const posted = await (watch ? watch.post(send, signal) : send())
    status = posted.status
    if (status < 200 || status >= 300) throw new Error(`it answered ${status}`)
    const admission = Admission.safeParse(parsed(posted.answer))
    if (!admission.success) throw new Error('its answer is not {allow, message?, user?}')
    result = admission.data.allow ? 'allowed' : 'refused'
    return admission.data
  } catch (cause) {
    error = (cause as Error).message
    ctx.log.warn(
      { err: cause, webhookId, applicationId },
      'a webhook that decides on connects did not give a valid answer',
    )
    throw denied(
      signal.aborted
        ? `The webhook that decides who may connect took longer than ${timeoutMs / 1_000} seconds`
        : 'The webhook that decides who may connect could not be asked',
    )
  } finally {
    const durationMs = Math.round(performance.now() - since)
    ctx.metrics.webhookAttempts.observe(durationMs / 1_000, blockingType, result)
    watch?.ended({ time, durationMs, ...(status && { status }), ...(error !== undefined && { error }) })
  }
}

function parsed(answer: Buffer): unknown {
  try {
    return JSON.parse(answer.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Creates the user, or updates what differs. */
async function keepUser(
  ctx: Context,
  applicationId: number,
  name: string,
  { displayName, isGuest, properties }: NonNullable<Admission['user']>,
): Promise<void> {
  const caller = backendOf(applicationId)
  const found = await findUserByName(ctx.db, applicationId, name)
  if (!found) {
    const user = { name, displayName: displayName ?? name, isGuest: isGuest ?? false }
    await createUser(ctx, caller, { ...user, properties: properties ?? {} }).catch((error) => {
      const isThere =
        error instanceof ChatError && error.problems.some(({ code }) => code === 'already_exists')
      if (!isThere) throw error // another device of the user was first
    })
    return
  }
  const isOther = Object.entries(properties ?? {}).some(
    ([key, value]) => !isDeepStrictEqual(found.properties[key], value),
  )
  const patch = {
    ...(displayName !== undefined && displayName !== found.displayName && { displayName }),
    ...(isGuest !== undefined && isGuest !== found.isGuest && { isGuest }),
    ...(isOther && { properties }),
  }
  if (Object.keys(patch).length > 0) await updateUser(ctx, caller, found.id, merging(patch))
}

function denied(message: string): ChatError {
  return new ChatError('AccessDeniedError', message.slice(0, messageMax))
}
