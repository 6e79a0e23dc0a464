// The exports of `chatterie`. The command `chatterie` starts a server; tests start one with `chatterie/testing`.
import { readFileSync } from 'node:fs'

const manifest: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

/** The version of the package, such as `1.0.0`. */
export const version: string = manifest.version
