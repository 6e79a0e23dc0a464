import type { ClockState } from '#clock/clock.ts'

const RealDate = Date
const realNow = Date.now
let state: ClockState = { offsetMs: 0 }

/** Milliseconds since the epoch, by the server's clock. */
export function serverTime(): number {
  return state.frozenAt ?? realNow() + state.offsetMs
}

/** Has customers' code see the time of the server, which a test may have moved. Timers go on by real time. */
export function showTime(shown: ClockState): void {
  const [wasMoved, isMoved] = [state, shown].map((each) => each.offsetMs !== 0 || each.frozenAt !== undefined)
  state = shown
  // What code has put in its place is left alone otherwise.
  if (isMoved !== wasMoved) globalThis.Date = isMoved ? MovedDate : RealDate
}

const MovedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [serverTime()] : args, newTarget),
  apply: () => new RealDate(serverTime()).toString(),
  get: (target, name, receiver) => (name === 'now' ? serverTime : Reflect.get(target, name, receiver)),
})
