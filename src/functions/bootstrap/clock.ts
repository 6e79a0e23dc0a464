import type { ClockState } from '#clock/clock.ts'

const RealDate = Date
const realNow = Date.now
let state: ClockState = { offsetMs: 0 }

/** Returns the server's time in milliseconds since the epoch. */
export function serverTime(): number {
  return state.frozenAt ?? realNow() + state.offsetMs
}

/** Shows customers' code the server's time, which a test may have moved. Timers keep running in real time. */
export function showTime(shown: ClockState): void {
  const [wasMoved, isMoved] = [state, shown].map((each) => each.offsetMs !== 0 || each.frozenAt !== undefined)
  state = shown
  // Otherwise, a Date that customers' code has replaced is left alone.
  if (isMoved !== wasMoved) globalThis.Date = isMoved ? MovedDate : RealDate
}

const MovedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [serverTime()] : args, newTarget),
  apply: () => new RealDate(serverTime()).toString(),
  get: (target, name, receiver) => (name === 'now' ? serverTime : Reflect.get(target, name, receiver)),
})
