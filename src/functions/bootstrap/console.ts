// Captures the output of functions for the logs of their invocation.
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import type { Log } from '#functions/protocol.ts'

const levels: Record<string, Log['level']> = {
  debug: 'debug',
  trace: 'debug',
  info: 'info',
  log: 'info',
  warn: 'warn',
  assert: 'warn',
  error: 'error',
}

/** Replaces the console and both standard streams. */
export function captureOutput(record: (level: Log['level'], text: string) => void): void {
  let level: Log['level'] = 'info'
  const sink = (levelOf: () => Log['level']) =>
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        record(levelOf(), String(chunk).replace(/\n$/, ''))
        done()
      },
    })
  const stdout = sink(() => level)
  const captured = new Console({ stdout, stderr: stdout, colorMode: false })
  for (const [name, method] of Object.entries(captured)) {
    if (typeof method !== 'function') continue
    Reflect.set(console, name, (...args: unknown[]) => {
      level = levels[name] ?? 'info'
      try {
        return method(...args)
      } catch {
        record(level, 'something was logged that cannot be shown')
      } finally {
        level = 'info'
      }
    })
  }
  Object.defineProperty(process, 'stdout', { value: stdout })
  Object.defineProperty(process, 'stderr', { value: sink(() => 'error') })
}
