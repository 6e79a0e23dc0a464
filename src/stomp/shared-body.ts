import { headerLines } from './frames.ts'

/** The bytes that frames to several subscribers share: common headers, content-length, the body and its NUL. */
export class SharedBody {
  readonly bytes: Buffer

  constructor(text: string, headers: Record<string, string>) {
    const bodyBytes = Buffer.byteLength(text)
    const head = `${headerLines(headers)}${bodyBytes > 0 ? `content-length:${bodyBytes}\n` : ''}\n`
    this.bytes = Buffer.from(`${head}${text}\0`)
  }

  /** The body as text. */
  get text(): string {
    return this.bytes.toString('utf8', this.bytes.indexOf('\n\n') + 2, this.bytes.length - 1)
  }
}

/**
 * Serializes the body of an event once for all recipients.
 * @param headers common to all recipients; they must not be repeated in the head of a frame
 */
export function shareBody(text: string, headers: Record<string, string> = {}): SharedBody {
  return new SharedBody(text, headers)
}

/** The end of a frame without a body. */
export const noBody = shareBody('')
