// Writes the two files that function processes run to where they may read them.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { fileOfCode, isCompiled } from '#place.ts'

export interface Bootstrap {
  /** The entry point of a process. */
  mainFile: string
  /** Exports the default dependencies by name. */
  packagesFile: string
}

/** Writes both files into the folder unless they exist; their names contain a hash of their content. */
export async function buildBootstrap(folder: string): Promise<Bootstrap> {
  await mkdir(folder, { recursive: true })
  const { bootstrap, packages } = await readBundles()
  const [mainFile, packagesFile] = await Promise.all([
    keep(folder, 'bootstrap', bootstrap),
    keep(folder, 'packages', packages),
  ])
  return { mainFile, packagesFile }
}

/** The published package contains them; in the repository they are built from the sources. */
async function readBundles(): Promise<Record<'bootstrap' | 'packages', Uint8Array>> {
  if (!isCompiled) return (await import('./bundles.ts')).bundleBootstrap()
  const [bootstrap, packages] = await Promise.all([
    readFile(fileOfCode('functions/bootstrap.cjs')),
    readFile(fileOfCode('functions/packages.cjs')),
  ])
  return { bootstrap, packages }
}

async function keep(folder: string, name: string, contents: Uint8Array): Promise<string> {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16)
  const file = join(folder, `${name}-${hash}.cjs`)
  if ((await stat(file).catch(() => undefined))?.size === contents.length) return file
  const draft = `${file}.${uuid()}`
  await writeFile(draft, contents)
  await rename(draft, file)
  return file
}
