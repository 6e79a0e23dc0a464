// Builds the pages if their sources have changed, so that tests use the current ones.
import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const pages = new URL('../../src/pages/', import.meta.url)
const ofConsole = new URL('../../console/', import.meta.url)
const script = fileURLToPath(new URL('../../scripts/build-pages.mjs', import.meta.url))

export default async function setup() {
  if (!isBuilt()) await promisify(execFile)(process.execPath, [script])
}

function isBuilt(): boolean {
  const built = statSync(new URL('built/docs/scalar.js', pages), { throwIfNoEntry: false })
  if (!built) return false
  const sources = [pages, ofConsole].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('built'))
      .map((path) => fileURLToPath(new URL(path, folder))),
  )
  return [script, ...sources].every((path) => statSync(path).mtimeMs < built.mtimeMs)
}
