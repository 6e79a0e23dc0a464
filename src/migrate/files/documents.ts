// Files that other services export: one JSON document, an array of them, or one a line.
import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

// biome-ignore lint/suspicious/noExplicitAny: what is in a file is checked once it is put into our words
export type Document = Record<string, any>

/** A file that is no export, or cannot be read. */
class UnusableExport extends Error {}

/** Text is at most so long in JavaScript (V8, 64 bit): a document that is one piece, too. */
const wholeMax = 500_000_000
const headBytes = 4_096

/** What is in the files, one behind the other; of an array its elements. @throws UnusableExport */
export async function* documentsIn(paths: string[]): AsyncGenerator<Document> {
  for (const path of paths) {
    const documents = (await isByLine(path)) ? linesOf(path) : await whole(path)
    for await (const document of documents) {
      if (typeof document === 'object' && document !== null) yield document as Document
    }
  }
}

/** Whether the first line is a document of its own, and not the only one. */
async function isByLine(path: string): Promise<boolean> {
  const file = await open(path).catch((error) => {
    throw new UnusableExport(`${path} cannot be read: ${error.code ?? error.message}`)
  })
  try {
    const first = createInterface({
      input: file.createReadStream({ autoClose: false, highWaterMark: headBytes }),
    })
    for await (const line of first) {
      if (line.trim() === '') continue
      return /^\s*\{.*\}\s*$/.test(line)
    }
    return false
  } finally {
    await file.close().catch(() => {})
  }
}

async function* linesOf(path: string): AsyncGenerator<unknown> {
  let number = 0
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number++
    if (line.trim() !== '') yield parse(line, `${path}, line ${number}`)
  }
}

async function whole(path: string): Promise<unknown[]> {
  const bytes = await readFile(path)
  if (bytes.length > wholeMax) {
    throw new UnusableExport(`${path} is one document of more than ${wholeMax} bytes: export it in parts`)
  }
  const value = parse(bytes.toString(), path)
  return Array.isArray(value) ? value : [value]
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UnusableExport(`${where} is no JSON`)
  }
}
