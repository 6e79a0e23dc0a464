// The type of a file is what its sender says, unless its first bytes show that it would be unsafe to serve it so.

/** Enough for every signature, and for the first entries of the archives that office documents are. */
const headMax = 65_536

/**
 * @param declared the media type that the sender gave, if any; one that says nothing is no more than none
 * @returns the content type, in lower case and without parameters, and all the bytes again
 */
export async function sniffType(
  bytes: AsyncIterable<Uint8Array>,
  declared?: string,
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
  return {
    contentType: await typeOf(Buffer.concat(chunks), essenceOf(declared)),
    bytes: resume(chunks, iterator),
  }
}

async function* resume(chunks: Uint8Array[], iterator: AsyncIterator<Uint8Array>) {
  try {
    yield* chunks
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.()
  }
}

/** `type/subtype` of a media type (RFC 9110 8.3.1, RFC 6838 4.2 for the lengths). */
function essenceOf(declared = ''): string | undefined {
  const essence = declared.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(essence) ? essence : undefined
}

async function typeOf(head: Buffer, declared: string | undefined): Promise<string> {
  const text = asText(head)
  if (declared !== undefined && isKept(declared, text)) return declared
  const { fileTypeFromBuffer } = await import('file-type') // 30 ms that only the first such upload waits for
  const found = await fileTypeFromBuffer(head)
  if (found && found.mime !== 'application/xml' && (text === undefined || writtenAsText.test(found.mime))) {
    return found.mime
  }
  return text === undefined ? 'application/octet-stream' : textType(text)
}

/** What a text may well be: other signatures are letters that a text happens to begin with, such as BMW or MZ. */
const writtenAsText = /^(text\/.+|application\/(pdf|rtf|postscript|eps|x-ms-regedit))$/

/** What browsers may run things from: only markup is taken for it. */
const markup = /^(text\/(html|xml)|application\/xml|.+\+xml)$/

/** As a part of the name, for there are a dozen. */
const script = /javascript|ecmascript|jscript|livescript/

/** What browsers show without asking. */
const shownAtOnce = /^(image|audio|video|font)\/|^application\/pdf$/

/** Without its sender's type, a form's part is text/plain (RFC 7578 4.4): that says little of what is no text. */
function isKept(declared: string, text: string | undefined): boolean {
  if (declared === 'application/octet-stream') return false
  if (declared === 'text/plain' || script.test(declared)) return text !== undefined
  const isMarkup = text !== undefined && textType(text) !== 'text/plain'
  if (markup.test(declared)) return isMarkup
  return !(isMarkup && shownAtOnce.test(declared))
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
