// `chatterie webhooks listen`: shows webhook deliveries on a developer's machine, which the server need not reach.
import { setTimeout as sleep } from 'node:timers/promises'
import { applicationFor, type Call, type Inside, listAll, withAdmin } from '#cli/admin.ts'
import { type Output, UsageError } from '#cli/output.ts'
import { realClock } from '#clock/clock.ts'
import { signatureOf } from '#domain/webhooks/webhook-secrets.ts'
import { blockingType } from '#resources/function.ts'
import { type Delivery, listening, listeningHours, WebhookEvents, WebhookSecret } from '#resources/webhook.ts'

interface Options extends Inside {
  events: string
}

/** How often to poll, and how long to wait while the server is unreachable. */
const lookMs = 250
const awayMs = 2_000
/** The server's own timeout of an attempt. */
const attemptMs = 20_000
const hourMs = 3_600_000

/**
 * Creates a temporary webhook and prints each delivery, until interrupted or twelve hours have passed. Deletes the
 * webhook at the end.
 * @param url where each delivery is posted, once
 */
export async function listen(url: string | undefined, options: Options, output: Output): Promise<void> {
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new UsageError(`${url} is not an http:// or https:// URL`)
  }
  const events = WebhookEvents.safeParse(options.events.split(',').map((each) => each.trim()))
  if (!events.success) throw new UsageError(`--events ${options.events} is wrong: see docs/webhooks.md`)
  if (events.data.includes(blockingType)) {
    throw new UsageError(`--events ${blockingType} is wrong: a listener cannot decide`)
  }
  const given = process.env.CHATTERIE_WEBHOOK_SECRET
  if (given && !WebhookSecret.safeParse(given).success) {
    throw new UsageError('CHATTERIE_WEBHOOK_SECRET is not a webhook secret (whsec_…)')
  }
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
  await withAdmin(options, async (call) => {
    const applicationId = await applicationFor(call, options.application)
    const webhook = await call('createWebhook', {
      params: { id: applicationId },
      body: {
        url: listening,
        events: events.data,
        description: 'chatterie webhooks listen',
        ...(given && { secret: given }),
      },
    })
    const params = { id: applicationId, webhookId: webhook.id }
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(listeningHours * hourMs)])
    try {
      introduce(given ? undefined : webhook.secret, url, output)
      for await (const delivery of deliveriesOf(call, params, signal)) {
        await handOn(delivery, { url, secret: webhook.secret, signal }, output)
      }
    } finally {
      await call('deleteWebhook', { params })
    }
  })
}

function introduce(secret: string | undefined, url: string | undefined, { json }: Output): void {
  const where = url === undefined ? 'Listening' : `Listening, and posting to ${url}`
  const signed = secret === undefined ? '' : `, signed with ${secret}`
  process.stderr.write(json ? `${JSON.stringify({ secret })}\n` : `${where}${signed}. Ctrl-C ends it.\n`)
}

/** Yields each delivery when it is available, oldest first, even if the server restarts in between. */
async function* deliveriesOf(
  call: Call,
  params: Record<string, number>,
  signal: AbortSignal,
): AsyncGenerator<Delivery> {
  const seen = new Set<number>()
  while (!signal.aborted) {
    const found = await newDeliveries(call, params, seen).catch((error) => {
      if (!(error instanceof TypeError)) throw error
      return undefined // the server is restarting
    })
    for (const delivery of found ?? []) {
      if (signal.aborted) return
      yield delivery
    }
    await sleep(found ? lookMs : awayMs, undefined, { signal }).catch(() => undefined)
  }
}

const examinedMax = 100

/** Looks at the last hundred, or at all if those are all new, because late deliveries have lower ids than others. */
async function newDeliveries(
  call: Call,
  params: Record<string, number>,
  seen: Set<number>,
): Promise<Delivery[]> {
  const ask = { params, query: { state: 'delivered' } }
  const isNew = ({ id }: Delivery) => !seen.has(id)
  let found = (await listAll<Delivery>(call, 'listWebhookDeliveries', ask, examinedMax)).filter(isNew)
  if (found.length === examinedMax) {
    found = (await listAll<Delivery>(call, 'listWebhookDeliveries', ask)).filter(isNew)
  }
  for (const { id } of found) seen.add(id)
  return found.toReversed()
}

interface Target {
  url: string | undefined
  secret: string
  signal: AbortSignal
}

/** Posts a delivery if there is a URL, and prints the result. */
async function handOn(delivery: Delivery, { url, secret, signal }: Target, { json }: Output): Promise<void> {
  const { type, messageId, body = '' } = delivery
  const began = performance.now()
  const answer = url === undefined ? {} : await post(url, secret, delivery, signal)
  const durationMs = Math.round(performance.now() - began)
  const result = { type, id: messageId, ...answer, ...(url !== undefined && { durationMs }) }
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...result, body: JSON.parse(body) })}\n`)
    return
  }
  const { status, error } = answer
  const came = url === undefined ? [body] : [String(status ?? error), `${durationMs} ms`]
  const time = new Date(realClock.now()).toTimeString().slice(0, 8)
  process.stdout.write(`${[time, type.padEnd(22), messageId, ...came].join('  ')}\n`)
}

async function post(
  url: string,
  secret: string,
  { messageId, body = '' }: Delivery,
  signal: AbortSignal,
): Promise<{ status?: number; error?: string }> {
  const seconds = Math.floor(realClock.now() / 1_000)
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Chatterie webhooks',
        'webhook-id': messageId,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signatureOf([secret], messageId, seconds, body),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]),
    })
    await answer.arrayBuffer()
    return { status: answer.status }
  } catch (error) {
    const { message, cause } = error as Error
    const { code, message: reason } = (cause ?? {}) as Partial<NodeJS.ErrnoException>
    return { error: code ?? reason ?? message }
  }
}
