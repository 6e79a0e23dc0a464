// The type of a file is what its first bytes say, whatever the client says.

/** Enough for every signature, and for the first entries of the archives that office documents are. */
const headMax = 65_536

/** @returns the content type, and all the bytes again */
export async function sniffType(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ contentType: string; bytes: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let length = 0
  while (length < headMax) {
    const { done, value } = await iterator.next()
    if (done) break
    chunks.push(value)
    length += value.length
  }
  return { contentType: await typeOf(Buffer.concat(chunks)), bytes: resume(chunks, iterator) }
}

async function* resume(chunks: Uint8Array[], iterator: AsyncIterator<Uint8Array>) {
  try {
    yield* chunks
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.()
  }
}

async function typeOf(head: Buffer): Promise<string> {
  const { fileTypeFromBuffer } = await import('file-type') // 30 ms that only the first upload waits for
  const text = asText(head)
  const found = await fileTypeFromBuffer(head)
  if (found && found.mime !== 'application/xml') return found.mime
  return text === undefined ? 'application/octet-stream' : textType(text)
}

/** Control characters, but for blanks; logs also have the one that colours begin with. */
const control = /[^\P{Cc}\s]/u
const colour = '\u001b'

function asText(head: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return control.test(text.replaceAll(colour, '')) ? undefined : text
  } catch {
    return undefined
  }
}

/** Markup is known for what it is, so that it is never shown in a browser: only plain text is. */
function textType(text: string): string {
  const start = text.trimStart()
  if (!start.startsWith('<')) return 'text/plain'
  if (/<svg[\s>]/i.test(start)) return 'image/svg+xml'
  return start.startsWith('<?xml') ? 'application/xml' : 'text/html'
}
