/** The part of a browser's XMLHttpRequest that the clients need to upload files. */
export class PageRequest {
  readonly upload = new EventTarget()
  onreadystatechange: (() => void) | null = null
  onloadend: (() => void) | null = null
  onerror: ((error: unknown) => void) | null = null
  readyState = 0
  status = 0
  statusText = ''
  responseText = ''
  responseURL = ''
  timeout = 0
  readonly #headers = new Headers()
  #answer = new Headers()
  #method = 'GET'
  #url = ''

  get response(): string {
    return this.responseText
  }

  open(method: string, url: string): void {
    this.#method = method.toUpperCase()
    this.#url = url
    this.readyState = 1
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.set(name, value)
  }

  getAllResponseHeaders(): string {
    return [...this.#answer].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  }

  addEventListener(): void {}

  send(body: NonNullable<RequestInit['body']>): void {
    if (body instanceof FormData) this.#headers.delete('content-type') // a page's axios leaves it to the browser
    fetch(this.#url, { method: this.#method, headers: this.#headers, body })
      .then(async (answer) => {
        this.#answer = answer.headers
        this.status = answer.status
        this.statusText = answer.statusText
        this.responseURL = answer.url
        this.responseText = await answer.text()
        this.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded: 1, total: 1 }))
        this.readyState = 4
        this.onreadystatechange?.()
        this.onloadend?.()
      })
      .catch((error) => this.onerror?.(error))
  }
}
