// The browser of whoever runs the tests, if there is one.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { inject } from 'vitest'

/** Tests in browsers are skipped without it. */
export const executablePath = findChromium()
if (!executablePath) {
  process.stderr.write('test/browser: skipped, for want of a Chromium on the PATH or in CHROMIUM_PATH\n')
}

let shared: Promise<Browser> | undefined

/**
 * The browser that all files of a worker share, each with pages of its own, which it closes. A start takes a second of
 * processor, and a page 0.7: a file whose tests do without new ones has one page.
 */
export function shareBrowser(): Promise<Browser> {
  shared ??= launch()
  return shared
}

function launch(): Promise<Browser> {
  // A worker is ended by a signal, and killed soon after it: what is left of the browser goes at once as it exits.
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
