// The console's client of the server, which uses only the admin API.
import { type ApiError, type Operations, operations } from './generated.ts'

/** The path of the server: '' or that of a PUBLIC_URL. */
export const base = document.body.dataset.path ?? ''

export type Operation = keyof Operations
export type Answer<O extends Operation> = Operations[O]['answer']
export interface Input<O extends Operation> {
  params?: Operations[O]['params']
  query?: Operations[O]['query']
  body?: Operations[O]['body']
}

/** An answer whose status is not 2xx. */
export class Refusal extends Error {
  readonly status: number
  /** Messages by field. */
  readonly fields: Record<string, string>

  constructor(
    status: number,
    { message, detail, errors, ...rest }: Partial<ApiError> & Record<string, unknown>,
  ) {
    super(
      (status === 404 && detail) ||
        message ||
        String(rest.error_description ?? '') ||
        `The server answered ${status}.`,
    )
    this.status = status
    this.fields = Object.fromEntries((errors ?? []).map((each) => [each.field, each.message]))
  }
}

let csrfToken = ''
/** Whether an answer has said that the session has ended: then no other request is worth sending. */
let hasEnded = false
let onSignedOut = () => {}
let onForbidden = () => {}

/** Sets the CSRF token of the session, which each write must send. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token ?? ''
  hasEnded = false
}

/** Sets a listener that is called when an answer says that the session has ended. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

/** Handles an answer 401. @param token that the request was sent with: a later session is not the one that ended */
function noteSignedOut(token: string): void {
  if (token !== csrfToken) return
  hasEnded = true
  onSignedOut()
}

/** Sets a listener that is called when an answer says that the operator may not do this, or not any more. */
export function whenForbidden(listener: () => void): void {
  onForbidden = listener
}

const unreachable = 'The server cannot be reached.'

/** @throws TypeError if the server cannot be reached */
export function ask(address: string, request: RequestInit): Promise<Response> {
  return fetch(address, request).catch(() => Promise.reject(new TypeError(unreachable)))
}

/** Returns the path of an operation, from the root of the server. */
export function addressOf<O extends Operation>(operation: O, { params, query }: Input<O> = {}): string {
  const values = (params ?? {}) as Record<string, unknown>
  const path = operations[operation].path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(values[name])),
  )
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '')
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `${base}${path}${search && `?${search}`}`
}

/** @throws Refusal if the server refuses, TypeError if it cannot be reached */
export async function call<O extends Operation>(operation: O, input: Input<O> = {}): Promise<Answer<O>> {
  if (hasEnded && operation !== 'signIn') throw new Refusal(401, { message: 'Your session has ended.' })
  const { method } = operations[operation]
  const token = csrfToken
  const response = await ask(addressOf(operation, input), {
    method,
    headers: {
      accept: 'application/json',
      ...(method !== 'GET' && { 'x-csrf-token': token }),
      ...(input.body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
  })
  const text = await response.text()
  if (response.ok) return (text ? JSON.parse(text) : undefined) as Answer<O>
  if (response.status === 401 && operation !== 'signIn') noteSignedOut(token)
  if (response.status === 403) onForbidden()
  throw new Refusal(response.status, readJson(text))
}

/** Operations that take a file. */
export type UploadOperation = Extract<Operation, `import${string}`>

/**
 * Uploads a file as a form.
 * @param onProgress called with the part that has been sent, from 0 to 1
 * @throws Refusal if the server refuses, TypeError if it cannot be reached
 */
export function upload<O extends UploadOperation>(
  operation: O,
  { params, file }: { params: Operations[O]['params']; file: File },
  onProgress: (part: number) => void,
): Promise<Answer<O>> {
  // `fetch` does not report the progress of an upload.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const token = csrfToken
    request.open('POST', addressOf(operation, { params } as Input<O>))
    request.setRequestHeader('accept', 'application/json')
    request.setRequestHeader('x-csrf-token', token)
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0)
    request.onerror = () => reject(new TypeError(unreachable))
    request.onload = () => {
      const { status, responseText } = request
      if (status === 401) noteSignedOut(token)
      if (status === 403) onForbidden()
      if (status >= 200 && status < 300) resolve(JSON.parse(responseText) as Answer<O>)
      else reject(new Refusal(status, readJson(responseText)))
    }
    const form = new FormData()
    form.set('file', file)
    request.send(form)
  })
}

function readJson(text: string): Partial<ApiError> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
