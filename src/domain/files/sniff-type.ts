// A file has the type that its sender declared, unless its first bytes show that serving it as such would be unsafe.
import { isScript } from '#resources/served.ts'

/** Bytes; enough for every signature, and for the first entries of office documents, which are archives. */
const headMax = 65_536

/**
 * @param declared the media type that the sender gave, if any; application/octet-stream counts as none
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

/** Returns the `type/subtype` of a media type (RFC 9110 8.3.1, RFC 6838 4.2 for the lengths). */
function essenceOf(declared = ''): string | undefined {
  const essence = declared.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(essence) ? essence : undefined
}

async function typeOf(head: Buffer, declared: string | undefined): Promise<string> {
  const text = asText(head)
  if (declared !== undefined && isKept(declared, text)) return declared
  const { fileTypeFromBuffer } = await import('file-type') // takes 30 ms, for the first such upload only
  const found = await fileTypeFromBuffer(head)
  if (found && found.mime !== 'application/xml' && (text === undefined || writtenAsText.test(found.mime))) {
    return found.mime
  }
  return text === undefined ? 'application/octet-stream' : textType(text)
}

/** Types with textual signatures. Others, such as BMW or MZ, may just be letters that a text begins with. */
const writtenAsText = /^(text\/.+|application\/(pdf|rtf|postscript|eps|x-ms-regedit))$/

/** Types in which browsers may run scripts; only accepted if the content is markup. */
const markup = /^(text\/(html|xml)|application\/xml|.+\+xml)$/

/** Types that browsers display without asking. */
const shownAtOnce = /^(image|audio|video|font)\/|^application\/pdf$/

/** Returns whether to trust the declared type; text/plain, a form part's default (RFC 7578 4.4), is for text only. */
function isKept(declared: string, text: string | undefined): boolean {
  if (declared === 'application/octet-stream') return false
  if (declared === 'text/plain' || isScript(declared)) return text !== undefined
  const isMarkup = text !== undefined && textType(text) !== 'text/plain'
  if (markup.test(declared)) return isMarkup
  return !(isMarkup && shownAtOnce.test(declared))
}

/** Control characters other than whitespace; ESC is allowed separately, because coloured logs contain it. */
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

/** Detects markup, so that browsers never display it; they only display plain text. */
function textType(text: string): string {
  const start = text.trimStart()
  if (!start.startsWith('<')) return 'text/plain'
  if (/<svg[\s>]/i.test(start)) return 'image/svg+xml'
  return start.startsWith('<?xml') ? 'application/xml' : 'text/html'
}
