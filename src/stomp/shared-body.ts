import { headerLines } from './frames.ts'

/** All that frames to several subscribers have in common, as bytes: headers, content-length, the body and its NUL. */
export class SharedBody {
  readonly bytes: Buffer

  constructor(text: string, headers: Record<string, string>) {
    const bodyBytes = Buffer.byteLength(text)
    const head = `${headerLines(headers)}${bodyBytes > 0 ? `content-length:${bodyBytes}\n` : ''}\n`
    this.bytes = Buffer.from(`${head}${text}\0`)
  }

  /** The body itself, as text. */
  get text(): string {
    return this.bytes.toString('utf8', this.bytes.indexOf('\n\n') + 2, this.bytes.length - 1)
  }
}

/**
 * Serialises the body of an event once for all who get it.
 * @param headers that are the same for all of them; not allowed beside them when the frame is sent
 */
export function shareBody(text: string, headers: Record<string, string> = {}): SharedBody {
  return new SharedBody(text, headers)
}

/** A frame without a body ends here. */
export const noBody = shareBody('')
