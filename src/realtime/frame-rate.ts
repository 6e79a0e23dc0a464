// Limits the rate of a client's frames. Bursts are allowed.
import { rateLimited } from '#errors.ts'
import type { Session } from '#realtime/sessions/session.ts'

/** A starting client sends some 30 frames at once, a busy one a few per second. */
const framesPerSecond = 500
const burst = 1_000

export class FrameRate {
  readonly #isLimited: boolean
  readonly #left = new WeakMap<Session, { frames: number; at: number }>()

  constructor(isLimited: boolean) {
    this.#isLimited = isLimited
  }

  /** Counts a frame. @throws ChatError RateLimitedError with the time to retry after */
  take(session: Session): void {
    if (!this.#isLimited) return
    const now = performance.now()
    const { frames, at } = this.#left.get(session) ?? { frames: burst, at: now }
    const left = Math.min(burst, frames + ((now - at) / 1000) * framesPerSecond)
    this.#left.set(session, { frames: Math.max(0, left - 1), at: now })
    if (left < 1) throw rateLimited('Too many frames: slow down', 1_000)
  }
}
