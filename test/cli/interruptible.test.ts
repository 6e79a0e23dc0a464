// Commands that write files end cleanly when they are interrupted.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'

const script = `
  import { Interrupted, interruptible } from '#cli/interruptible.ts'
  const alive = setInterval(() => {}, 1_000)
  try {
    await interruptible(async (signal) => {
      console.log('begun')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
  } catch (error) {
    clearInterval(alive)
    console.log('cleaned up')
    process.exitCode = error instanceof Interrupted ? error.exitCode : 1
  }`

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s lets a command clean up, and its exit code tells', async (signal, code) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (text) => {
    said += text
    if (String(text).includes('begun')) child.kill(signal)
  })
  expect(await once(child, 'close')).toEqual([code, null])
  expect(said).toBe('begun\ncleaned up\n')
})
