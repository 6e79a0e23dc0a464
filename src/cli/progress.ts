// A progress bar on stderr, shown only in a terminal.
import { SingleBar } from 'cli-progress'
import type { Output } from '#cli/output.ts'

export interface Progress {
  /** `total` if it is known. */
  show(done: number, total?: number): void
  end(): void
}

export function openProgress(what: string, unit: string, { json }: Output): Progress {
  if (json || !process.stderr.isTTY) return { show() {}, end() {} }
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${what} {bar} {percentage}% · {value} of {total} ${unit} · {duration_formatted}`,
    barsize: 30,
    hideCursor: true,
  })
  let isStarted = false
  return {
    show(done, total) {
      if (total === undefined) return
      if (!isStarted) bar.start(total, 0)
      isStarted = true
      bar.setTotal(total)
      bar.update(done)
    },
    end() {
      if (isStarted) bar.stop()
    },
  }
}
