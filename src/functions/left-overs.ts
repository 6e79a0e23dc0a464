// Records running processes on disk, so that a start can end those that an earlier server left behind.
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

const Identity = z.object({ pid: z.number().int().positive(), start: z.string().min(1) })
/** Identifies a process by its id and its start time, because ids are reused. */
type Identity = z.output<typeof Identity>

const Entry = Identity.extend({ server: Identity })

export class ProcessRecords {
  readonly #folder: string

  /** @param folder for the records; several servers may share it */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Records a process of this server until it ends. Never throws: a process without a record is merely not swept. */
  async keep(pid: number, ended: Promise<unknown>): Promise<void> {
    const file = join(this.#folder, `${pid}.json`)
    try {
      const [start, server] = await Promise.all([startOf(pid), startOf(process.pid)])
      if (start && server) {
        await mkdir(this.#folder, { recursive: true })
        await writeFile(file, JSON.stringify({ pid, start, server: { pid: process.pid, start: server } }))
      }
      await ended
      await rm(file, { force: true })
    } catch {
      // The disk is full or the folder is gone.
    }
  }

  /** Ends processes whose server is gone. @returns the ids of those processes */
  async sweep(): Promise<number[]> {
    const ended: number[] = []
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const file = join(this.#folder, name)
      const entry = await readEntry(file)
      if (entry && (await isRunning(entry.server))) continue
      if (entry && (await isRunning(entry)) && kill(entry.pid)) ended.push(entry.pid)
      await rm(file, { force: true }).catch(() => undefined)
    }
    return ended
  }
}

async function readEntry(file: string) {
  try {
    return Entry.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined // truncated while it was written
  }
}

async function isRunning({ pid, start }: Identity): Promise<boolean> {
  return (await startOf(pid)) === start
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

/** Returns a process's start time in the system's notation; undefined if there is none or the system cannot tell. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      ])
      // After the name in brackets, which may contain anything: the state first, the start time 20th [proc(5)].
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' ? undefined : `${boot.trim()} ${fields[19]}`
    }
    if (process.platform === 'win32') return undefined
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)])
    return stdout.trim() || undefined
  } catch {
    return undefined
  }
}
