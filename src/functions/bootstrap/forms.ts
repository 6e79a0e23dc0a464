// Multipart forms of the Platform SDK, which was written for browsers: its axios does not support forms in Node.
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'

/** A form that accepts any file that functions may have: a Blob, bytes, text, or items to be encoded as JSON. */
class FunctionForm extends FormData {
  override append(name: string, value: unknown, filename?: string): void {
    if (name === 'file') {
      const file = value instanceof Blob ? value : new Blob([toBytes(value)])
      super.append(name, file, filename ?? (file instanceof File ? file.name : 'file'))
    } else {
      super.append(name, String(value))
    }
  }
}

function toBytes(value: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof value === 'string') return value
  return value instanceof Uint8Array ? Uint8Array.from(value) : JSON.stringify(value)
}

/** Options for the SDK's configuration: sends forms as streams, with the boundary in their content type. */
export const formOptions = {
  formDataCtor: FunctionForm,
  baseOptions: {
    maxBodyLength: Number.POSITIVE_INFINITY, // the server's limit applies
    transformRequest(data: unknown, headers: Record<string, string>) {
      if (!(data instanceof FormData)) return data
      const { body, headers: ofForm } = new Response(data)
      headers['Content-Type'] = ofForm.get('content-type') ?? ''
      return body && Readable.fromWeb(body as ReadableStream)
    },
  },
}
