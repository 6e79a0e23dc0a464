// A client of the runtime through a port; the page at the other end has the connection (runtime contract 10.2).
import type { User } from './resources.ts'

/** A message from the other end. */
interface Answer {
  id?: string
  type: string
  // biome-ignore lint/suspicious/noExplicitAny: each call knows the type of its answer
  payload?: any
}

interface Call {
  /** The type of the answer that resolves the call. */
  success: string
  resolve(payload: Answer['payload']): void
  reject(error: Error): void
}

export interface Access {
  user: User
  write: { grant: string }
  read: { grant: string }
}

export class StompX {
  readonly #port: MessagePort
  readonly #calls = new Map<string, Call>()
  readonly #listeners = new Map<string, (resource: never) => void>()
  /** Whether files are sent through the port; otherwise they are uploaded directly. */
  readonly #carriesFiles: boolean
  #ids = 0

  constructor(port: MessagePort, carriesFiles = true) {
    this.#port = port
    this.#carriesFiles = carriesFiles
    port.addEventListener('message', ({ data }) => this.#take(data))
    port.start()
  }

  /** Connects. Resolves with the user and the grants for files. */
  connect(): Promise<Access> {
    return new Promise((resolve, reject) => {
      this.#calls.set('connect', { success: 'stompx:connect.success', resolve, reject })
      this.#port.postMessage({ type: 'stompx:connect' })
    })
  }

  /** @throws Error with the runtime's message */
  async relay<T>(destination: string, parameters: Record<string, unknown> = {}): Promise<T> {
    const asked = { destination, parameters }
    return (await this.#call('stompx:resource.relay', asked, 'stompx:relay.success')).resource
  }

  /** @throws Error with the runtime's message */
  async perform<T>(destination: string, body: object): Promise<T> {
    return (await this.#call('stompx:action.perform', { destination, body }, 'stompx:action.success'))
      .resource
  }

  /** Performs an action that has no answer, or only a receipt. */
  send(destination: string, body: object): void {
    this.#port.postMessage({
      id: this.#nextId(),
      type: 'stompx:action.perform',
      payload: { destination, body },
    })
  }

  /** @throws Error if the file is refused */
  async upload<T>(stream: string, grant: string, picked: File): Promise<T> {
    // A File backed by a disk file cannot be transferred to a page of another site, but its bytes can.
    const file = new File([await picked.arrayBuffer()], picked.name, { type: picked.type })
    if (!this.#carriesFiles) return send(stream, grant, file)
    const asked = { stream, grant, file, properties: new Map() }
    return (await this.#call('stompx:stream.upload', asked, 'stompx:stream.success')).resource
  }

  /** Resolves when the subscription is active. @returns a function that ends it */
  async subscribe(topic: string): Promise<() => void> {
    const id = this.#nextId()
    await this.#call('stompx:topic.subscribe', { topic }, 'stompx:topic.subscribed', id)
    return () => this.#port.postMessage({ id, type: 'stompx:topic.unsubscribe' })
  }

  /** @returns a function that removes the listener */
  listen<T>(topic: string, event: string, onEvent: (resource: T) => void): () => void {
    const id = this.#nextId()
    this.#listeners.set(id, onEvent)
    this.#port.postMessage({ id, type: 'stompx:event.listen', payload: { topic, event } })
    return () => {
      this.#listeners.delete(id)
      this.#port.postMessage({ id, type: 'stompx:event.unsubscribe' })
    }
  }

  disconnect(): void {
    this.#port.postMessage({ type: 'stompx:disconnect' })
  }

  #nextId(): string {
    this.#ids += 1
    return `chat-ui-${this.#ids}`
  }

  #call(type: string, payload: object, success: string, id = this.#nextId()): Promise<Answer['payload']> {
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { success, resolve, reject })
      this.#port.postMessage({ id, progressId: id, type, payload })
    })
  }

  #take({ id, type, payload }: Answer): void {
    if (type === 'stompx:event.published') {
      this.#listeners.get(id ?? '')?.(payload.resource as never)
      return
    }
    const key = id ?? 'connect'
    const call = this.#calls.get(key)
    if (!call) return
    if (type === call.success) call.resolve(payload)
    // An upload's error may not be transferable through a port; then only the `progress.failed` message arrives.
    else if (type.endsWith('.error') || type === 'stompx:stream.progress.failed') {
      call.reject(new Error(payload?.error?.message ?? 'It did not work; please try again'))
    } else return
    this.#calls.delete(key)
  }
}

async function send<T>(stream: string, grant: string, file: File): Promise<T> {
  const body = new FormData()
  body.set('file', file)
  const url = new URL(new URL(stream, location.href).pathname, location.href)
  const answer = await fetch(url, { method: 'POST', headers: { grant }, body })
  const read = await answer.json()
  if (!answer.ok) throw new Error(read.message ?? 'The file could not be sent')
  return read
}
