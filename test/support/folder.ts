import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const memory = '/dev/shm'
const memoryBytesMin = 8 * 1024 ** 3

/** Returns the folder for databases and homes, in memory if there is enough: a clone takes 20 ms there, not 280 ms. */
export function testFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= memoryBytesMin ? memory : tmpdir()
  } catch {
    return tmpdir() // other systems have no such folder
  }
}
