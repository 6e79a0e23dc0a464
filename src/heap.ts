// How V8 grows the heap of the process. By its defaults, a busy server holds 350 MB, of which a sixth lives.
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** The young generation has two halves, which grow by doubling. Larger ones than this no longer do. */
const halfBytesMax = 12 * 1024 ** 2

/**
 * Makes V8 collect garbage instead of growing the heap to a multiple of what lives (docs/performance.md, "Memory").
 * Works best if it is called before the server's code is loaded. Where V8 no longer knows a flag, it ignores it.
 */
export function keepHeapSmall(): void {
  // Rows of requests in flight outlive two collections, from which V8 would conclude that they live for long.
  setFlagsFromString('--no-allocation-site-pretenuring')
  setFlagsFromString('--heap-growing-percent=50')
  // The maximum of the young generation is fixed when the process starts, but it grows by a factor that is not.
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    // Not `space_size`: V8 sometimes releases the memory of one half.
    const half = young ? young.space_used_size + young.space_available_size : 0
    const factor = half > halfBytesMax ? 1 : 2
    setFlagsFromString(`--semi-space-growth-factor=${factor}`)
  })
  observer.observe({ entryTypes: ['gc'] })
}
