// Reads the names of uploaded files from Content-Disposition.
import { decodeExtended, parse } from 'content-disposition'

/**
 * Returns the name of a part's file. `filename*` takes precedence over `filename`, in any order [RFC 6266 section 4.3];
 * mail libraries encode names as encoded words [RFC 2047].
 * @param disposition the raw header, one character per byte
 * @param filename as parsed by the form parser
 */
export function fileName(disposition: string | undefined, filename: string | undefined): string {
  return extendedName(disposition ?? '') ?? decodeWords(filename ?? '')
}

function extendedName(disposition: string): string | undefined {
  if (!/filename\*/i.test(disposition)) return undefined
  // Browsers escape a quote as %22, most others as \".
  const multipart = !disposition.includes('\\"')
  const extended = parse(disposition, { multipart, extended: false }).parameters['filename*']
  return extended === undefined ? undefined : decodeExtended(extended)
}

const word = /=\?([\w-]+)(?:\*[\w-]*)?\?([bq])\?([^?\s]*)\?=/gi

/** White space between two encoded words is dropped [RFC 2047 section 6.2]; an invalid word is left unchanged. */
function decodeWords(text: string): string {
  return text
    .replace(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[bq]\?)/gi, (_, first: string) => first)
    .replace(word, (whole, charset: string, encoding: string, encoded: string) => {
      const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(encoded, 'base64') : quotedBytes(encoded)
      try {
        return new TextDecoder(charset, { fatal: true }).decode(bytes)
      } catch {
        return whole
      }
    })
}

function quotedBytes(text: string): Buffer {
  const bytes = text
    .replaceAll('_', () => ' ')
    .replace(/=([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1')
}
