import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MovableClock } from '#clock/movable.ts'

const start = Date.UTC(2026, 10, 21)
const dayMs = 86_400_000

beforeEach(() => {
  vi.useFakeTimers({ now: start })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A clock with a timer for each of the given delays, and the delays of the timers that have fired. */
function alarmed(...afterMs: number[]) {
  const clock = new MovableClock()
  const rung: number[] = []
  const alarms = afterMs.map((ms) => clock.after(ms, () => rung.push(ms)))
  return { clock, rung, alarms }
}

describe('a clock that is not moved', () => {
  it('follows real time, and so do its alarms', () => {
    const { clock, rung } = alarmed(300, 100, 40 * dayMs)
    expect(clock.now()).toBe(start)
    vi.advanceTimersByTime(100)
    expect(rung).toEqual([100])
    vi.advanceTimersByTime(200)
    expect(rung).toEqual([100, 300])
    vi.advanceTimersByTime(40 * dayMs)
    expect(rung).toEqual([100, 300, 40 * dayMs])
    expect(clock.now()).toBe(start + 40 * dayMs + 300)
  })

  it('does not fire a cancelled alarm', () => {
    const { rung, alarms } = alarmed(100, 200)
    alarms[0]?.cancel()
    vi.advanceTimersByTime(1_000)
    expect(rung).toEqual([200])
  })
})

describe('a clock that is moved', () => {
  it('fires due alarms in order when it is told to, and the others in real time', () => {
    const { clock, rung } = alarmed(300, 100, 200, 2_000)
    clock.show({ offsetMs: 1_000 })
    clock.ring()
    expect(rung).toEqual([100, 200, 300])
    vi.advanceTimersByTime(1_000)
    expect(rung).toEqual([100, 200, 300, 2_000])
  })

  it('fires an alarm that another alarm sets, where it is due too', () => {
    const { clock, rung } = alarmed()
    clock.after(10, () => clock.after(0, () => rung.push(10)))
    clock.show({ offsetMs: 10 })
    clock.ring()
    expect(rung).toEqual([10])
  })

  it('fires nothing while it is frozen', () => {
    const { clock, rung } = alarmed(100)
    clock.show(clock.stateAt(clock.now(), true))
    vi.advanceTimersByTime(dayMs)
    expect([clock.now(), rung]).toEqual([start, []])
    expect(clock.read()).toEqual({ now: start, offsetMs: -dayMs })
    clock.show(clock.stateAt(clock.now(), false))
    vi.advanceTimersByTime(100)
    expect([clock.now(), rung]).toEqual([start + 100, [100]])
  })

  it('fires alarms no earlier than after their delay when it is moved back', () => {
    const { clock, rung } = alarmed(100)
    clock.show({ offsetMs: -dayMs })
    expect(clock.nextAlarm).toBe(start - dayMs + 100)
    vi.advanceTimersByTime(100)
    expect(rung).toEqual([100])
  })
})
