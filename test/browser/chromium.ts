// The Chromium installed on this machine, if there is one.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { inject } from 'vitest'

/** Browser tests are skipped if it is undefined. */
export const executablePath = findChromium()
if (!executablePath) {
  process.stderr.write('test/browser: skipped, for want of a Chromium on the PATH or in CHROMIUM_PATH\n')
}

let shared: Promise<Browser> | undefined

/**
 * The browser that all test files of a worker share. Each file closes the pages that it opens. A start takes 1 s of CPU
 * time and a page 0.7 s, so a file uses a single page unless its tests need new ones.
 */
export function shareBrowser(): Promise<Browser> {
  shared ??= launch()
  return shared
}

function launch(): Promise<Browser> {
  // A worker gets SIGTERM, and is killed soon after. Exiting at once ends the browser immediately.
  process.once('SIGTERM', () => process.exit())
  return chromium.launch({
    ...(executablePath && { executablePath }),
    args: ['--no-sandbox', '--site-per-process'],
    env: { ...process.env, TMPDIR: inject('homes') },
    handleSIGTERM: false,
  })
}

function findChromium(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  const { CHROMIUM_PATH: chosen } = process.env
  return (chosen ? [chosen] : candidates).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
