// Multipart forms of the Platform SDK, which was written for browsers: its axios knows no forms of Node.
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'

/** A form that takes as a file whatever functions may have at hand: a Blob, bytes, text, or items to be JSON. */
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

/** For the configuration of the SDK: forms are sent as streams, with the boundary in their type. */
export const formOptions = {
  formDataCtor: FunctionForm,
  baseOptions: {
    maxBodyLength: Number.POSITIVE_INFINITY, // that of the server holds
    transformRequest(data: unknown, headers: Record<string, string>) {
      if (!(data instanceof FormData)) return data
      const { body, headers: ofForm } = new Response(data)
      headers['Content-Type'] = ofForm.get('content-type') ?? ''
      return body && Readable.fromWeb(body as ReadableStream)
    },
  },
}
