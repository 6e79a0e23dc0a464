// Delivers events to webhooks from the leading process: at least once each, in the order of the events of each channel.
// A slow or dead webhook occupies only its own few slots.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, Posted } from '#context.ts'
import { presentEach } from '#domain/events/present-each.ts'
import { endAttempt } from '#domain/webhooks/end-attempt.ts'
import { forgetOldDeliveries } from '#domain/webhooks/forget-old-deliveries.ts'
import { holdDelivery } from '#domain/webhooks/hold-delivery.ts'
import { keepDeliveryBody } from '#domain/webhooks/keep-delivery-body.ts'
import { loadDeliverySubjects } from '#domain/webhooks/load-delivery-subjects.ts'
import { setDeliveryAside } from '#domain/webhooks/set-delivery-aside.ts'
import { signDelivery } from '#domain/webhooks/sign-delivery.ts'
import { type DueDelivery, takeDeliveries } from '#domain/webhooks/take-deliveries.ts'
import { Drain } from '#jobs/drain.ts'
import { webhookBody } from '#jobs/webhook-bodies.ts'
import { type DeliveryAttempt, listening } from '#resources/webhook.ts'

/** Interval of the check for retries that have become due. */
const sweepMs = 1_000
const forgetMs = 60_000
/** Time limit for a whole attempt. */
const attemptMs = 20_000
const stopMs = 5_000
const restMs = 5_000
/** How long a delivery waits for the previous one of its channel. */
const turnMs = 1_000
/** Bytes of an answer that are kept. */
const answerBytesMax = 4_096

export class WebhookDeliveries {
  readonly #ctx: Context
  readonly #taking: Drain
  readonly #forgetting: Drain
  /** Start times of current deliveries, by webhook and delivery. */
  readonly #underWay = new Map<number, Map<number, number>>()
  /** Current deliveries, each with the promise that a move of the clock awaits. */
  readonly #running = new Map<Promise<void>, Promise<void>>()
  /** Deliveries that a test suspends; they continue only when the clock is moved. */
  readonly #hanging = new Set<Promise<void>>()
  /** The last delivery started, by webhook and channel. */
  readonly #lines = new Map<string, Turn>()
  readonly #stopping = new AbortController()

  constructor(ctx: Context) {
    this.#ctx = ctx
    this.#taking = new Drain(ctx.log, sweepMs, () => this.#take())
    this.#forgetting = new Drain(
      ctx.log,
      forgetMs,
      async () => ctx.node.isLeader && (await forgetOldDeliveries(ctx)),
    )
  }

  start(): void {
    this.#taking.start()
    this.#forgetting.start()
  }

  /** Requests a look for due deliveries. */
  signal(): void {
    this.#taking.signal()
  }

  /** Resolves when everything due has been attempted. */
  async look(): Promise<void> {
    do {
      await this.#taking.look()
      await Promise.all(this.#running.values())
    } while (this.#running.size > this.#hanging.size)
    await this.#forgetting.look()
  }

  /** Takes no more deliveries. Those that do not end soon are sent again by the next leader. */
  async stop(): Promise<void> {
    await Promise.all([this.#taking.stop(), this.#forgetting.stop()])
    const timer = setTimeout(() => this.#stopping.abort(), stopMs)
    await Promise.all(this.#running.keys())
    clearTimeout(timer)
  }

  async #take(): Promise<boolean> {
    const ctx = this.#ctx
    if (!ctx.node.isLeader) return false
    const due = await takeDeliveries(ctx, this.#underWay)
    if (due.length === 0) return false
    const anew = await presentEach(
      due.filter(({ body }) => body === null),
      {
        load: (some) => loadDeliverySubjects(ctx, some),
        present: (delivery, subjects) => webhookBody(ctx, delivery, subjects),
        async setAside(delivery, error) {
          await setDeliveryAside(ctx, delivery, error)
          return []
        },
      },
    )
    const made = new Map(anew)
    for (const delivery of due) {
      const body = delivery.body ?? made.get(delivery)
      if (body !== undefined) this.#begin(delivery, body)
    }
    return true
  }

  #begin(delivery: DueDelivery, body: string): void {
    const { id, webhookId, channelId } = delivery
    const ofWebhook = this.#underWay.get(webhookId) ?? new Map<number, number>()
    this.#underWay.set(webhookId, ofWebhook.set(id, performance.now()))
    const line = channelId === null ? `delivery ${id}` : `${webhookId} ${channelId}`
    const held = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const running: Promise<void> = this.#turn(this.#lines.get(line))
      .then(() => this.#traced(delivery, () => this.#deliver(delivery, body, hold, started.resolve)))
      .catch((error) => this.#rest(id, error))
      .finally(() => {
        started.resolve()
        this.#running.delete(running)
        this.#hanging.delete(running)
        if (this.#lines.get(line) === turn) this.#lines.delete(line)
        ofWebhook.delete(id)
        if (ofWebhook.size === 0) this.#underWay.delete(webhookId)
        this.#taking.signal()
      })
    const hold: Hold = async (ms) => {
      await holdDelivery(this.#ctx, id, ms)
      this.#hanging.add(running)
      held.resolve()
      return () => {
        if (this.#hanging.delete(running)) this.#running.set(running, running)
      }
    }
    this.#running.set(running, Promise.race([running, held.promise]))
    const turn = { running, started: started.promise }
    this.#lines.set(line, turn)
  }

  /** Runs the delivery as part of the trace of its cause. */
  #traced({ type, webhookId, payload }: DueDelivery, deliver: () => Promise<void>): Promise<void> {
    const { tracing } = this.#ctx
    if (!tracing) return deliver()
    const attributes = { 'chatterie.webhook': webhookId }
    return tracing.run(
      `deliver ${type} to webhook`,
      { kind: 'producer', parent: payload.traceparent, attributes },
      deliver,
    )
  }

  /**
   * Waits for the end of the previous delivery for a short time, and for its start in any case; slow and failed
   * deliveries do not block the next.
   */
  async #turn(before: Turn | undefined): Promise<void> {
    if (!before) return
    const waited = new AbortController()
    const enough = sleep(turnMs, undefined, { signal: waited.signal, ref: false }).catch(() => undefined)
    await Promise.race([before.running, enough])
    waited.abort()
    await before.started
  }

  /** An internal error does not count as an attempt; the delivery is retried a little later. */
  async #rest(id: number, error: unknown): Promise<void> {
    this.#ctx.log.error(
      { err: error, deliveryId: id },
      'a webhook delivery failed before it was sent, and will be retried',
    )
    await holdDelivery(this.#ctx, id, restMs).catch(() => undefined) // the database may be unavailable
  }

  async #deliver(delivery: DueDelivery, body: string, hold: Hold, started: () => void): Promise<void> {
    const ctx = this.#ctx
    if (!ctx.node.isLeader) return // the next leader sends it
    if (delivery.body === null) await keepDeliveryBody(ctx, delivery.id, body)
    const time = new Date(ctx.clock.now()).toISOString()
    const began = performance.now()
    const watch = ctx.testApi?.watchDelivery(ctx.clock, { ...delivery, body }, hold)
    const { retryAfterMs, ...answer } = await this.#attempt(delivery, body, watch, started)
    if (this.#stopping.signal.aborted && answer.status === undefined) return // interrupted by the stop
    const attempt = { time, durationMs: Math.round(performance.now() - began), ...answer }
    const state = await endAttempt(ctx, delivery, attempt, retryAfterMs)
    if (state === undefined) return // its webhook is deleted, or was changed by a reset
    const result = state === 'pending' ? 'retried' : state
    ctx.metrics.webhookAttempts.observe(attempt.durationMs / 1_000, delivery.type, result)
    watch?.ended(attempt)
  }

  async #attempt(
    delivery: DueDelivery,
    body: string,
    watch: Watch | undefined,
    started: () => void,
  ): Promise<Pick<DeliveryAttempt, 'status' | 'error' | 'answer'> & { retryAfterMs?: number }> {
    const ctx = this.#ctx
    if (delivery.url === listening) return { status: 204 } // the listener reads the delivery
    const signal = AbortSignal.any([AbortSignal.timeout(attemptMs), this.#stopping.signal])
    try {
      const headers = await signDelivery(ctx, delivery, body)
      const send = () => ctx.webhooks.post(delivery.url, headers, body, signal)
      const sending = watch ? watch.post(send, signal) : send()
      started()
      const { status, answer: bytes, retryAfter } = await sending
      const isFine = status >= 200 && status < 300
      const answer = textOf(bytes)
      return {
        status,
        ...(answer !== '' && { answer }),
        ...(!isFine && { error: `answered ${status}`, retryAfterMs: pauseOf(retryAfter, ctx.clock.now()) }),
      }
    } catch (error) {
      return { error: signal.aborted ? 'took longer than 20 s' : reasonOf(error) }
    }
  }
}

/** A delivery in the line of its channel. */
interface Turn {
  running: Promise<void>
  /** Resolves when its request has been started, or will not be. */
  started: Promise<void>
}

/** Lets callers stop waiting for an attempt that hangs for that long. @returns a function that ends the hold */
type Hold = (ms: number) => Promise<() => void>

/** Observer of a delivery, if a test has one. */
interface Watch {
  post(send: () => Promise<Posted>, signal: AbortSignal): Promise<Posted>
  ended(attempt: DeliveryAttempt): void
}

/** Postgres cannot store text with NUL characters. */
function textOf(bytes: Buffer): string {
  return bytes.toString('utf8', 0, answerBytesMax).replaceAll('\0', () => '\uFFFD')
}

const retryAfterMaxMs = 86_400_000

/** Parses seconds or a date [RFC 9110 section 10.2.3] into milliseconds. */
function pauseOf(retryAfter = '', now: number): number {
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), retryAfterMaxMs)
}

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  const text = code && message === '' ? code : message
  return textOf(Buffer.from(text.slice(0, 200))) // names in certificates may be anything
}
