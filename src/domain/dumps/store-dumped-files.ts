import type { Context } from '#context.ts'
import { forgetFiles } from '#domain/dumps/forget-files.ts'
import { linesOfDump } from '#domain/dumps/lines-of-dump.ts'

/**
 * Stores the files of a dump, which come before its rows.
 * @param nameOf what the key of a file becomes
 * @returns the keys that are stored; none of them where it throws
 */
export async function storeDumpedFiles(
  ctx: Context,
  path: string,
  nameOf: (key: string) => string,
): Promise<string[]> {
  const stored: string[] = []
  const lines = linesOfDump(path)
  try {
    await lines.next() // the header
    let next = await lines.next()
    while (!next.done && next.value.startsWith('["bytes",')) {
      const [, key] = JSON.parse(next.value) as string[]
      const bytes = async function* () {
        for (; !next.done && isOf(next.value, key); next = await lines.next()) {
          yield Buffer.from(JSON.parse(next.value)[2], 'base64')
        }
      }
      const name = nameOf(String(key))
      await ctx.files.put(name, bytes(), Number.POSITIVE_INFINITY)
      stored.push(name)
    }
    return stored
  } catch (error) {
    await forgetFiles(ctx, stored)
    throw error
  } finally {
    await lines.return(undefined)
  }
}

function isOf(line: string, key: string | undefined): boolean {
  return line.startsWith(`["bytes",${JSON.stringify(key)},`)
}
