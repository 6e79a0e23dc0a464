// What is really held, as opposed to what nobody has collected yet.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Whether nothing refers to it any more; what refers to it from a stack under way counts, too. */
export function isFree(reference: WeakRef<object>): boolean {
  collect()
  return reference.deref() === undefined
}

/** Of this process, once what nothing refers to any more is gone. */
export function heldMemory(): NodeJS.MemoryUsage {
  collect()
  return process.memoryUsage()
}
