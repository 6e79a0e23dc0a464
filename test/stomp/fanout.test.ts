import { describe, expect, it } from 'vitest'
import { Fanout } from '#stomp/fanout.ts'
import { Flusher } from '#stomp/flusher.ts'

/** Blocks the thread for about a tenth of a slice. */
function work(): void {
  const until = performance.now() + 0.5
  while (performance.now() < until);
}

describe('a fan-out', () => {
  it('yields to other work, and completes before the next one starts', async () => {
    const fanout = new Fanout()
    const everyone = Array.from({ length: 300 }, (_, at) => at)
    const seen: string[] = []
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
    })
    await Promise.all(
      ['a', 'b'].map((event) =>
        fanout.forEach(everyone, (at) => {
          work()
          seen.push(`${event}${at}`)
        }),
      ),
    )
    clearInterval(timer)
    expect(seen).toEqual(['a', 'b'].flatMap((event) => everyone.map((at) => `${event}${at}`)))
    expect(turns).toBeGreaterThan(3)
  })

  it('to a few is done synchronously', () => {
    const seen: number[] = []
    void new Fanout().forEach([1, 2], (each) => seen.push(each))
    expect(seen).toEqual([1, 2])
  })

  it('that fails does not affect others', async () => {
    const fanout = new Fanout()
    const failing = fanout.forEach([1], () => {
      throw new Error('no')
    })
    const seen: number[] = []
    const following = fanout.forEach([1, 2], (each) => seen.push(each))
    await expect(failing).rejects.toThrow('no')
    await following
    expect(seen).toEqual([1, 2])
  })

  it('writes to the first before it has reached all, where nothing else is to be sent', async () => {
    const flusher = new Flusher()
    const fanout = new Fanout(flusher)
    const everyone = Array.from({ length: 200 }, (_, at) => at)
    const written: number[] = []
    const send = (to: number) => flusher.add({ flush: () => written.push(to) })
    let writtenByTheLast = 0
    const tell = (to: number) => {
      if (to === 199) writtenByTheLast = written.length
      send(to)
    }
    await fanout.forEach(everyone, tell, true)
    expect(writtenByTheLast).toBeGreaterThan(0)
    expect(written).toEqual(everyone)
    written.length = 0
    const telling = fanout.forEach(everyone, tell)
    expect(written).toEqual([])
    await telling
  })
})
