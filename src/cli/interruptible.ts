import { constants } from 'node:os'

/** The user or the system ended the command: the exit code is that of a process which the signal ended. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super('interrupted; nothing was written')
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * Calls `work` with a signal that aborts when the process is told to end, so that nothing half-written stays behind. A
 * second time, the process ends at once.
 * @throws Interrupted if `work` heeded it
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals) => stop.abort(new Interrupted(signal as 'SIGINT' | 'SIGTERM'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal)
  try {
    return await work(stop.signal)
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
  }
}
