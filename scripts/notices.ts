// Collects the licence notices of the libraries in a bundle, which their licences require.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @param files the source files of the bundle
 * @returns one text with the name, version, licence and notice of each package that they belong to
 */
export async function noticesOf(files: string[], root: string): Promise<string> {
  const folders = new Set(files.flatMap((path) => folderOfPackage(path) ?? []))
  const notices = await Promise.all([...folders].sort().map((folder) => noticeOf(join(root, folder))))
  return `Chatterie contains code of these packages.\n\n${notices.join('\n\n')}\n`
}

/** Returns the folder of the innermost package that a file belongs to. */
function folderOfPackage(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const file = (await readdir(folder)).find((each) => /^(licen[cs]e|copying)/i.test(each))
  const text = file && existsSync(join(folder, file)) ? await readFile(join(folder, file), 'utf8') : ''
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text.trim()}`.trim()
}
