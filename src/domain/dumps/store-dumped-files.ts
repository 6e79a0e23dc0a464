import type { Context } from '#context.ts'
import { forgetFiles } from '#domain/dumps/forget-files.ts'
import { fileOfLine, kindOfLine, linesOfDump } from '#domain/dumps/lines-of-dump.ts'

/**
 * Stores the files of a dump, which come before its rows. If it throws, none of them is kept.
 * @param nameOf maps the key of a file in the dump to its new key
 * @returns the keys of the stored files
 */
export async function storeDumpedFiles(
  ctx: Context,
  path: string,
  nameOf: (key: string) => string,
  signal?: AbortSignal,
): Promise<string[]> {
  const stored: string[] = []
  const lines = linesOfDump(path, signal)
  try {
    await lines.next() // the header
    let next = await lines.next()
    while (!next.done && kindOfLine(next.value) === 'bytes') {
      const { key } = fileOfLine(next.value)
      const bytes = async function* () {
        for (; !next.done && kindOfLine(next.value) === 'bytes'; next = await lines.next()) {
          const { key: of, from } = fileOfLine(next.value)
          if (of !== key) return
          yield Buffer.from(next.value.toString('latin1', from, next.value.length - 2), 'base64')
        }
      }
      const name = nameOf(key)
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
