import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const memory = '/dev/shm'
const memoryBytesMin = 8 * 1024 ** 3

/** Where tests keep databases and homes: in memory where there is plenty. A clone takes 20 ms there instead of 280. */
export function folderOfTests(): string {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= memoryBytesMin ? memory : tmpdir()
  } catch {
    return tmpdir() // other systems have no such folder
  }
}
