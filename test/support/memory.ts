// Measures memory that is still referenced, after a garbage collection.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Returns whether an object was collected. References from the current stack also keep it alive. */
export function isCollected(reference: WeakRef<object>): boolean {
  collect()
  return reference.deref() === undefined
}

/** Returns the memory usage of this process after a garbage collection. */
export function usedMemory(): NodeJS.MemoryUsage {
  collect()
  return process.memoryUsage()
}
