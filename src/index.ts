// What `import 'chatterie'` gives. A server is started by the command `chatterie`, or from tests by `chatterie/testing`.
import { readFileSync } from 'node:fs'

const manifest: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

/** The version of the package, such as `1.0.0`. */
export const version: string = manifest.version
