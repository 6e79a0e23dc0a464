// Applies faults to requests (testing contract 4).
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '#clock/clock.ts'
import type { RestEffect } from '#test-api/faults/fault.ts'
import type { AppliedFault } from '#test-api/faults/kept.ts'
import { fake, resetConnection, truncate } from '#test-api/requests/effects.ts'
import { type Observed, operationOf, type RequestNotes } from '#test-api/requests/notes.ts'
import type { TestApi } from '#test-api/state.ts'

/** Marks that no answer is sent. */
export const lost = Symbol('lost')

export class RequestFaults {
  readonly #testApi: TestApi
  readonly #clock: Pick<Clock, 'now'>
  readonly #notes: RequestNotes
  /** Answers left unsent by a `hang` fault. */
  readonly #hanging = new Set<FastifyReply>()
  readonly #stopping = new AbortController()

  constructor(testApi: TestApi, clock: Pick<Clock, 'now'>, notes: RequestNotes) {
    this.#testApi = testApi
    this.#clock = clock
    this.#notes = notes
  }

  /** Assigns a request to its world, and applies a matching fault. */
  async place(
    observed: Observed,
    applicationId: number | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    if (applicationId === undefined || !this.#testApi.isWorld(applicationId)) return
    observed.worldId = applicationId
    const { path } = observed
    const occasion = { operation: operationOf(request), method: request.method, path }
    observed.fault = this.#testApi.faults.strike(applicationId, 'request', occasion)
    const { effect } = observed.fault ?? {}
    if (!observed.fault || !effect || effect.after) return
    await observed.fault.delay(this.#stopping.signal)
    if (effect.reset || effect.hang) {
      reply.hijack()
      this.#notes.note(observed, request, reply, { status: null })
      this.#leave(observed.fault, reply)
    } else if (effect.status !== undefined) {
      await reply.send(fake(reply, effect, this.#clock.now()))
    }
  }

  /** Returns the body of the answer, real or replaced by the fault; `lost` if there is none. */
  async answer(
    observed: Observed,
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ): Promise<unknown> {
    const { fault } = observed
    const { effect } = fault ?? {}
    let body = payload
    if (fault && effect?.after) {
      await fault.delay(this.#stopping.signal)
      if (effect.status !== undefined) {
        discard(payload)
        body = fake(reply, effect, this.#clock.now())
      }
    }
    this.#notes.note(observed, request, reply, { status: reply.statusCode, body })
    if (fault && effect?.after && (effect.reset || effect.hang)) {
      discard(payload)
      reply.hijack()
      this.#leave(fault, reply)
      return lost
    }
    if (effect?.truncateAfterBytes === undefined) return body
    await truncate(reply, body, effect.truncateAfterBytes)
    return lost
  }

  /** Leaves a client without an answer until the fault is removed, or resets the connection. */
  #leave({ effect, gone }: AppliedFault<RestEffect>, reply: FastifyReply): void {
    if (effect.reset) {
      resetConnection(reply)
      return
    }
    const { raw } = reply
    this.#hanging.add(reply)
    const release = () => raw.socket?.destroy()
    gone.addEventListener('abort', release)
    raw.once('close', () => {
      this.#hanging.delete(reply)
      gone.removeEventListener('abort', release)
    })
    if (gone.aborted || this.#stopping.signal.aborted) release()
  }

  /** Closes the connections of hanging requests, because the server is stopping. */
  stop(): void {
    this.#stopping.abort()
    for (const { raw } of this.#hanging) raw.socket?.destroy()
  }
}

function discard(payload: unknown): void {
  if (payload instanceof Readable) payload.destroy()
}
