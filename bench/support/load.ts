// The load: keep-alive connections, each with one request in flight. Uses bare sockets and prepared bytes, to leave the
// cores to the servers measured: a page of 20 KB costs this side a fifth of what it costs the server.
import { connect, type Socket } from 'node:net'

export interface Load {
  port: number
  /** Returns the bytes of the next request. */
  next: () => Buffer
  connections: number
  ms: number
}

/** A round ends early after this many answers. */
const answersMax = 200_000

/** Counts the complete answers of a server within the time; any status other than 200 fails the run. */
export async function load({ port, next, connections, ms }: Load): Promise<number> {
  const end = performance.now() + ms
  let answers = 0
  const more = () => performance.now() < end && answers < answersMax
  const client = async () => {
    const line = await Line.open(port)
    do {
      await line.send(next())
      answers += 1
    } while (more())
    line.end()
  }
  await Promise.all(Array.from({ length: connections }, client))
  return answers
}

/** One keep-alive connection, for one request at a time. */
export class Line {
  readonly #socket: Socket
  #head: Buffer = Buffer.alloc(0)
  #missing = 0
  #answered: () => void = () => {}
  #failed: (error: Error) => void = () => {}

  static open(port: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Line(socket))
      })
    })
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', (error) => this.#failed(error))
    socket.on('close', () => this.#failed(new Error('The server closed a connection')))
  }

  /** Resolves when the whole answer, which must be a 200, has arrived. */
  send(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve
      this.#failed = reject
      this.#socket.write(bytes)
    })
  }

  end(): void {
    this.#socket.end()
  }

  #read(chunk: Buffer): void {
    if (this.#missing > 0) {
      this.#missing -= chunk.length
    } else {
      this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      if (this.#head.toString('latin1', 9, 12) !== '200') {
        this.#failed(new Error(`Refused: ${this.#head}`))
        return
      }
      this.#missing = bodyLength(this.#head.toString('latin1', 0, end)) - (this.#head.length - end - 4)
      this.#head = Buffer.alloc(0)
    }
    if (this.#missing <= 0) this.#answered()
  }
}

function bodyLength(head: string): number {
  const length = /content-length: (\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`An answer without a length:\n${head}`)
  return Number(length)
}

/** Returns the bytes of a request; the host is always the same, so that all links in answers are, too. */
export function request(method: 'GET' | 'POST', path: string, token: string, body?: unknown): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body)
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: chat.example.com',
    'accept: application/json',
    `authorization: Bearer ${token}`,
    ...(text === '' ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(text)}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`)
}

/** Returns the body of one answer. */
export async function ask(port: number, bytes: Buffer): Promise<string> {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      const text = Buffer.concat(chunks)
      const end = text.indexOf('\r\n\r\n')
      if (end >= 0 && text.length >= end + 4 + bodyLength(text.toString('latin1', 0, end))) socket.end()
    })
    socket.write(bytes)
  })
  const answer = Buffer.concat(chunks).toString()
  if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`Refused: ${answer}`)
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}
