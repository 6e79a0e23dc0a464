// Applies faults to delivery attempts of webhooks, and records the attempts in the journal (testing contracts 4 and 5).
import type { Clock } from '#clock/clock.ts'
import type { Posted } from '#context.ts'
import type { DeliveryAttempt } from '#resources/webhook.ts'
import type { WebhookEffect } from '#test-api/faults/fault.ts'
import type { AppliedFault } from '#test-api/faults/kept.ts'
import { beginningOf, shownBody } from '#test-api/requests/bodies.ts'
import type { TestApi } from '#test-api/state.ts'

export interface WatchedDelivery {
  applicationId: number
  webhookId: number
  /** The header `webhook-id`. */
  messageId: string
  type: string
  /** The attempts before this one. */
  attempts: DeliveryAttempt[]
  body: string
}

/** How long an attempt may hang by the server's clock, so that a test can advance the clock instead of waiting. */
const hangMs = 20_000
const marginMs = 1_000

type Hold = (ms: number) => Promise<() => void>

/** Watches one attempt. */
export class DeliveryWatch {
  readonly #testApi: TestApi
  readonly #clock: Clock
  readonly #delivery: WatchedDelivery
  readonly #hold: Hold
  #fault: AppliedFault<WebhookEffect> | undefined
  #posted: Posted | undefined

  /** @param hold postpones the delivery by so many ms, so that callers stop waiting; returns a function to end this */
  constructor(testApi: TestApi, clock: Clock, delivery: WatchedDelivery, hold: Hold) {
    this.#testApi = testApi
    this.#clock = clock
    this.#delivery = delivery
    this.#hold = hold
  }

  /**
   * Sends the delivery, or fails as a fault says.
   * @param signal aborts when the attempt is over
   * @throws if there is no answer
   */
  async post(send: () => Promise<Posted>, signal: AbortSignal): Promise<Posted> {
    const { applicationId, webhookId: webhook, type } = this.#delivery
    const fault = this.#testApi.faults.strike(applicationId, 'webhook', { webhook, type })
    this.#fault = fault
    const answered = fault?.effect.after ? await send() : undefined
    await fault?.delay(signal)
    signal.throwIfAborted()
    if (fault?.effect.hang) await this.#hang(fault.gone, signal)
    if (fault?.effect.reset) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    const isFake = fault?.effect.status !== undefined
    this.#posted = isFake ? fake(fault.effect) : (answered ?? (await send()))
    return this.#posted
  }

  /** Records the result of the attempt, after it is stored. */
  ended({ status, durationMs, error }: DeliveryAttempt): void {
    const { applicationId, webhookId, messageId, type, attempts, body } = this.#delivery
    const sent = beginningOf(body)
    const answered = this.#posted && beginningOf(this.#posted.answer)
    this.#testApi.note(applicationId, this.#clock.now(), {
      kind: 'webhook',
      webhook: webhookId,
      type,
      delivery: messageId,
      attempt: attempts.length + 1,
      status: status ?? null,
      durationMs,
      requestBody: shownBody(sent, 'application/json'),
      responseBody: shownBody(answered, this.#posted?.contentType),
      error,
      truncated: sent?.isWhole === false || this.#posted?.isWhole === false || undefined,
      fault: this.#fault?.id,
    })
  }

  /** Rejects when the attempt times out by real time or by the server's clock, or when the fault is removed. */
  async #hang(gone: AbortSignal, signal: AbortSignal): Promise<never> {
    const over = Promise.withResolvers<string>()
    let release: () => void = () => {}
    const end = (reason: string) => {
      release()
      over.resolve(reason)
    }
    const alarm = this.#clock.after(hangMs, () => end('took longer than 20 s'))
    release = await this.#hold(hangMs + marginMs) // the alarm fires first
    const broken = () => end('other side closed')
    for (const each of [gone, signal]) {
      if (each.aborted) broken()
      each.addEventListener('abort', broken, { once: true })
    }
    const reason = await over.promise
    alarm.cancel()
    for (const each of [gone, signal]) each.removeEventListener('abort', broken)
    throw new Error(reason)
  }
}

/** Returns the answer of the fault as if the receiver had sent it. */
function fake({ status = 200, headers = {}, body }: WebhookEffect): Posted {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  const named: Record<string, string> = Object.fromEntries(given)
  const text = typeof body === 'string' || body === undefined ? (body ?? '') : JSON.stringify(body)
  return {
    status,
    answer: Buffer.from(text),
    isWhole: true,
    contentType: named['content-type'] ?? (typeof body === 'object' ? 'application/json' : ''),
    retryAfter: named['retry-after'],
  }
}
