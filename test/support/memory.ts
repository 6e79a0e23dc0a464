// What is really held, as opposed to what nobody has collected yet.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Bytes of buffers that something still refers to. */
export function heldBufferBytes(): number {
  collect()
  return process.memoryUsage().arrayBuffers
}
