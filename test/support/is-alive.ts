import { readFileSync } from 'node:fs'

/** Whether the process runs. One that has ended does not, even if its parent has not fetched its exit code yet. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
