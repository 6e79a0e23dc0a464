// Builds what browsers load, so that tests see the pages as they stand.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export default async function setup() {
  await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL('../../scripts/build-pages.mjs', import.meta.url)),
  ])
}
