// The browser of whoever runs the tests, if there is one.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Tests in browsers are skipped without it. */
export const executablePath = findChromium()
if (!executablePath) {
  process.stderr.write('test/browser: skipped, for want of a Chromium on the PATH or in CHROMIUM_PATH\n')
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
