// The incoming frames of a connection. They are served one after the other, some concurrently. While too many wait, the
// socket is not read, so that TCP slows the client down.
import type { Tally } from './engine.ts'
import { type ClientFrame, FrameReader } from './frames.ts'
import type { StompLimits } from './limits.ts'
import type { Transport } from './transport.ts'

/** Serves the frames of an inbox. */
export interface InboxOwner {
  /** Checks a frame on arrival, and returns the frame to serve in its turn, if any. May throw. */
  accept(frame: ClientFrame): ClientFrame | undefined
  /** Serves a frame; the next one waits until this resolves. May throw. */
  serve(frame: ClientFrame): Promise<void>
  /** Serves a frame that was put aside. May throw. */
  serveAside(frame: ClientFrame): Promise<void>
  /** Called with an error and the frame that caused it; without one if the bytes were not a valid frame. */
  failed(error: unknown, frame?: ClientFrame): void
  /** Called when frames were served; more may be waiting. */
  served(): void
}

export class Inbox {
  readonly #transport: Transport
  readonly #limits: StompLimits
  readonly #tally: Tally
  readonly #owner: InboxOwner
  readonly #reader: FrameReader
  #state: 'reading' | 'yielding' | 'stopped' = 'reading'
  #isPaused = false
  #acceptedFrames = 0
  readonly #waiting: ClientFrame[] = []
  readonly #waitingAside: ClientFrame[] = []
  /** Bytes of all waiting frames. */
  #waitingBytes = 0
  #isServing = false
  #runningAside = 0
  #asideDone: (() => void) | undefined
  /** The frame being served, if it was put aside: its duration is counted when it is answered. */
  #lastAside: ClientFrame | undefined

  constructor(
    transport: Transport,
    { limits, tally }: { limits: StompLimits; tally: Tally },
    owner: InboxOwner,
  ) {
    this.#transport = transport
    this.#limits = limits
    this.#tally = tally
    this.#owner = owner
    this.#reader = new FrameReader(limits)
  }

  /** Whether the socket is not read until fewer frames wait. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  get isStopped(): boolean {
    return this.#state === 'stopped'
  }

  /** Whether no frame waits or is served. */
  get isIdle(): boolean {
    return !this.#isServing && this.#runningAside === 0 && this.#waiting.length === 0
  }

  /** Reads received bytes, which must not be modified afterwards. */
  receive(chunk: Buffer): void {
    if (this.#state === 'stopped') return
    this.#reader.push(chunk)
    this.#pull()
  }

  /** Stops reading. Waiting frames are still served. */
  stop(): void {
    this.#state = 'stopped'
    this.#pauseOrResume()
  }

  /** Stops reading because the socket is closed. Waiting frames are still served, except those put aside. */
  end(): void {
    this.#state = 'stopped'
    this.#isPaused = false
    this.#drop(this.#waitingAside)
  }

  /** Stops reading, and discards the waiting frames. */
  drop(): void {
    this.#drop(this.#waiting)
    this.#drop(this.#waitingAside)
    this.stop()
  }

  /** Serves a frame concurrently with the others, as soon as fewer than `concurrentReadsMax` of these run. */
  putAside(frame: ClientFrame): void {
    this.#lastAside = frame
    this.#wait(this.#waitingAside, frame)
    this.#serveAside()
  }

  /** Resolves when no frame that was put aside is being served. */
  async whenAsideDone(): Promise<void> {
    if (this.#runningAside === 0) return
    await new Promise<void>((resolve) => {
      this.#asideDone = resolve
    })
  }

  #pull(): void {
    let frame: ClientFrame | undefined
    try {
      while (this.#state === 'reading' && !this.#isFull()) {
        frame = undefined
        frame = this.#reader.next()
        if (!frame) break
        this.#accept(frame)
      }
    } catch (error) {
      this.#owner.failed(error, frame)
    }
    this.#pauseOrResume()
  }

  #accept(frame: ClientFrame): void {
    const accepted = this.#owner.accept(frame)
    this.#tally.received(frame.command)
    if (accepted) {
      this.#wait(this.#waiting, accepted)
      if (!this.#isServing) void this.#serve()
    }
    this.#acceptedFrames += 1
    // A message may contain thousands of small frames; other connections are served in between.
    if (this.#acceptedFrames % this.#limits.waitingFramesMax === 0) this.#yield()
  }

  #yield(): void {
    if (this.#state !== 'reading') return
    this.#state = 'yielding'
    setImmediate(() => {
      if (this.#state === 'yielding') this.#state = 'reading'
      this.#pull()
    })
  }

  #isFull(): boolean {
    const { waitingFramesMax, waitingBytesMax } = this.#limits
    const frames = this.#waiting.length + this.#waitingAside.length
    return frames >= waitingFramesMax || this.#waitingBytes >= waitingBytesMax
  }

  #pauseOrResume(): void {
    const isPaused = this.#state === 'yielding' || (this.#state === 'reading' && this.#isFull())
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (isPaused) this.#transport.pause()
    else this.#transport.resume()
  }

  async #serve(): Promise<void> {
    this.#isServing = true
    for (let frame = this.#next(this.#waiting); frame; frame = this.#next(this.#waiting)) {
      const since = performance.now()
      try {
        await this.#owner.serve(frame)
      } catch (fault) {
        this.#owner.failed(fault, frame)
      }
      if (frame === this.#lastAside) this.#lastAside = undefined
      else this.#tally.served(frame.command, performance.now() - since)
      this.#pull()
    }
    this.#isServing = false
    this.#owner.served()
  }

  #serveAside(): void {
    while (this.#runningAside < this.#limits.concurrentReadsMax) {
      const frame = this.#next(this.#waitingAside)
      if (!frame) break
      void this.#runAside(frame)
    }
  }

  async #runAside(frame: ClientFrame): Promise<void> {
    this.#runningAside += 1
    const since = performance.now()
    try {
      await this.#owner.serveAside(frame)
    } catch (fault) {
      this.#owner.failed(fault, frame)
    }
    this.#tally.served(frame.command, performance.now() - since)
    this.#runningAside -= 1
    this.#serveAside()
    if (this.#runningAside === 0) this.#asideDone?.()
    this.#pull()
    this.#owner.served()
  }

  #wait(queue: ClientFrame[], frame: ClientFrame): void {
    queue.push(frame)
    this.#waitingBytes += frame.bytes
  }

  #next(queue: ClientFrame[]): ClientFrame | undefined {
    const frame = queue.shift()
    if (frame) this.#waitingBytes -= frame.bytes
    return frame
  }

  #drop(queue: ClientFrame[]): void {
    for (const frame of queue.splice(0)) this.#waitingBytes -= frame.bytes
  }
}
