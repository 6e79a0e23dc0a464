// The names of uploaded files, as clients write them into Content-Disposition.
import { decodeExtended, parse } from 'content-disposition'

/**
 * The name of a part's file. `filename*` goes before `filename`, wherever it stands [RFC 6266 section 4.3]; mail
 * libraries write names as encoded words [RFC 2047].
 * @param disposition the header as it came, one character a byte
 * @param filename as the parser of the form read it
 */
export function fileName(disposition: string | undefined, filename: string | undefined): string {
  return extendedName(disposition ?? '') ?? decodeWords(filename ?? '')
}

function extendedName(disposition: string): string | undefined {
  if (!/filename\*/i.test(disposition)) return undefined
  // Browsers write a quote as %22, most others as \".
  const multipart = !disposition.includes('\\"')
  const extended = parse(disposition, { multipart, extended: false }).parameters['filename*']
  return extended === undefined ? undefined : decodeExtended(extended)
}

const word = /=\?([\w-]+)(?:\*[\w-]*)?\?([bq])\?([^?\s]*)\?=/gi

/** White space between two words belongs to neither [RFC 2047 section 6.2]; a word that is none stays as it is. */
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
