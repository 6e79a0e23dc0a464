// Reads the export files of other services: one JSON document, an array of documents, or one document per line.
import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

// biome-ignore lint/suspicious/noExplicitAny: documents are validated after their conversion
export type Document = Record<string, any>

/** A file that is not an export, or that cannot be read. */
class UnusableExport extends Error {}

/** The maximum length of a string in JavaScript (V8, 64 bit), and so of a file that is parsed as a whole. */
const wholeMax = 500_000_000
const headBytes = 4_096

/** Returns the documents in a list; exports of some services have null for one that is empty. */
export function listOf(value: unknown): Document[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each !== null) : []
}

/** Yields the documents in the files, in order, and the elements of arrays. @throws UnusableExport */
export async function* documentsIn(paths: string[]): AsyncGenerator<Document> {
  for (const path of paths) {
    const documents = (await isByLine(path)) ? linesOf(path) : await whole(path)
    for await (const document of documents) {
      if (typeof document === 'object' && document !== null) yield document as Document
    }
  }
}

/** Returns whether the first line is a complete document and not the only one. */
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
      return /^\uFEFF?\s*\{.*\}\s*$/.test(line)
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
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw new UnusableExport(`${where} is no JSON`)
  }
}
