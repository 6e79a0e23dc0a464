import { expect, it, vi } from 'vitest'
import { Metrics } from '#metrics/metrics.ts'
import { slowStatements } from '#metrics/statements.ts'

it('a statement that is slow repeatedly is counted each time, and logged once a second', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const lines: object[] = []
    const metrics = new Metrics()
    const took = slowStatements(100, { warn: (line: object) => lines.push(line) }, metrics)
    took('find-user', 100)
    for (let times = 0; times < 3; times += 1) took('find-user', 101)
    took('select *\n  from  x', 250.4)
    expect(lines).toEqual([
      { statement: 'find-user', ms: 101 },
      { statement: 'select * from x', ms: 250 },
    ])
    vi.advanceTimersByTime(1_000)
    took('find-user', 300)
    expect(lines.at(-1)).toEqual({ statement: 'find-user', ms: 300, more: 2 })
    expect(metrics.slowStatements.of('server')).toBe(5)
  } finally {
    vi.useRealTimers()
  }
})
