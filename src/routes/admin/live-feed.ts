// The live feed as server-sent events. A reader who is too slow is disconnected and reconnects with Last-Event-ID.
import type { ServerResponse } from 'node:http'
import type { Context } from '#context.ts'
import { currentPosition } from '#domain/events/current-position.ts'
import { liveEvents } from '#domain/live/live-events.ts'
import { watchApplication, watchMs } from '#domain/live/watch-application.ts'
import { rateLimited } from '#errors.ts'

/** Maximum number of bytes buffered for a reader. */
const waitingBytesMax = 1_048_576
const viewersMax = 200
/** Interval of the poll for events that the bus did not announce. */
const lookMs = 500
/** Interval of the check that viewers are still allowed to watch. */
const checkMs = 5_000

export interface Viewer {
  applicationId: number
  forDevelopers: boolean
  /** Offset of the event to continue after; absent to start with new events. */
  after?: number | undefined
  response: ServerResponse
  /** @throws if the viewer may no longer watch */
  check(): Promise<unknown>
}

/** The viewers of applications in this process. Chat traffic never waits for them. */
export class LiveFeed {
  readonly #ctx: Context
  readonly #viewers = new Set<Stream>()
  #timers: NodeJS.Timeout[] = []
  #isHeard = false

  constructor(ctx: Context) {
    this.#ctx = ctx
  }

  /**
   * Streams events until the reader disconnects, which it may have done already.
   * @throws ChatError 429 if there are too many viewers; nothing was sent then
   */
  async open(viewer: Viewer): Promise<void> {
    await watchApplication(this.#ctx, viewer.applicationId)
    const position = viewer.after ?? (await currentPosition(this.#ctx))
    if (viewer.response.destroyed) return // its `close` has been emitted
    if (this.#viewers.size >= viewersMax) throw rateLimited('Too many watch live, try again later', 5_000)
    const stream = new Stream(this.#ctx, viewer, position)
    this.#viewers.add(stream)
    viewer.response.once('close', () => {
      this.#viewers.delete(stream)
      if (this.#viewers.size === 0) this.#rest()
    })
    stream.begin()
    this.#wake()
    stream.look()
  }

  /** Ends all streams; a stopping server would otherwise wait for them. */
  close(): void {
    for (const { response } of this.#viewers) response.end()
    this.#rest()
  }

  #wake(): void {
    if (!this.#isHeard) {
      this.#isHeard = true
      this.#ctx.bus.onSignal(({ kind }) => {
        if (kind === 'events published') this.#look()
      })
    }
    if (this.#timers.length > 0) return
    this.#timers = [
      setInterval(() => this.#look(), lookMs).unref(),
      setInterval(() => void this.#check(), checkMs).unref(),
      setInterval(() => void this.#watch(), watchMs / 3).unref(),
    ]
  }

  #rest(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  #look(): void {
    for (const stream of this.#viewers) stream.look()
  }

  async #check(): Promise<void> {
    for (const stream of this.#viewers) await stream.check()
  }

  async #watch(): Promise<void> {
    const ids = new Set([...this.#viewers].map(({ applicationId }) => applicationId))
    for (const id of ids) {
      await watchApplication(this.#ctx, id).catch((error) =>
        this.#ctx.log.warn({ err: error, applicationId: id }, 'a live view may miss events'),
      )
    }
  }
}

class Stream {
  readonly applicationId: number
  readonly response: ServerResponse
  readonly #ctx: Context
  readonly #viewer: Viewer
  #position: number
  #isFirst = true
  /** Whether a look is in progress, and whether another one was requested meanwhile. */
  #state: 'idle' | 'looking' | 'looking again' = 'idle'

  constructor(ctx: Context, viewer: Viewer, position: number) {
    this.#ctx = ctx
    this.#viewer = viewer
    this.#position = position
    this.applicationId = viewer.applicationId
    this.response = viewer.response
  }

  begin(): void {
    this.response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    // Lets a client that reconnects before the first event continue from here.
    this.response.write(`id: ${this.#position}\nevent: open\ndata: {}\n\n`)
  }

  look(): void {
    if (this.#state !== 'idle') {
      this.#state = 'looking again'
      return
    }
    this.#state = 'looking'
    void this.#send().finally(() => {
      const isAgain = this.#state === 'looking again'
      this.#state = 'idle'
      if (isAgain && !this.response.destroyed) this.look()
    })
  }

  async #send(): Promise<void> {
    try {
      for (let isMore = true; isMore && !this.response.destroyed; ) {
        const after = this.#position
        const { forDevelopers } = this.#viewer
        const piece = await liveEvents(this.#ctx, this.applicationId, { after, forDevelopers })
        if (this.response.destroyed) return
        if (this.#isFirst && piece.isForgotten) this.#write('reset', after, {})
        this.#isFirst = false
        for (const { position, name, data } of piece.events) this.#write(name, position, data)
        this.#position = piece.position
        isMore = piece.isMore
      }
    } catch (error) {
      this.#ctx.log.warn(
        { err: error, applicationId: this.applicationId },
        'a live view was closed after an error',
      )
      this.response.destroy()
    }
  }

  #write(name: string, position: number, data: unknown): void {
    this.response.write(`id: ${position}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    if (this.response.writableLength > waitingBytesMax) this.response.destroy()
  }

  /** Checks that the viewer may still watch, and detects a reader that is gone. */
  async check(): Promise<void> {
    try {
      await this.#viewer.check()
      if (this.response.writableLength === 0) this.response.write(':\n\n')
    } catch {
      this.response.end()
    }
  }
}
