// Sends pipelined statements and reads their rows, replacing the parts of pg that took most of a page's time. A
// prepared statement is described once per connection instead of with each result, and cells are parsed directly from
// the received bytes, without an intermediate string for each.
import { EventEmitter } from 'node:events'
import pg from 'pg'

// Methods that pg has, but its types lack.
declare module 'pg' {
  interface Connection {
    attachListeners(stream: NodeJS.EventEmitter): void
  }
  // biome-ignore lint/suspicious/noExplicitAny: as pg's own types have it
  interface Query<R extends pg.QueryResultRow = any, I extends any[] = any> {
    prepare(connection: Connection): void
    handleRowDescription(message: { fields: pg.FieldDef[] }): void
    handleDataRow(message: unknown): void
  }
}

/** A column of a result. */
interface Column {
  type: number
  parse: (text: string) => unknown
  /** The last short ASCII value. Values such as the type of a message are the same in most rows. */
  last: string
}

/** A received row: its cells begin at `at`. The bytes are only valid until the next read. */
interface ArrivedRow {
  bytes: Buffer
  at: number
}

const headLength = 5
const dataRow = 0x44
const nothing = Buffer.alloc(0)

/** A connection for pipelined statements only, which leaves rows unparsed. */
class LineConnection extends pg.Connection {
  /** The result columns of prepared statements, by name. If they change, Postgres refuses to run the statement. */
  readonly described = new Map<string, Column[]>()
  /** Whether the statement that is being sent needs no description. */
  isDescribed = false
  readonly #others = new EventEmitter()
  #rest: Buffer = nothing

  override attachListeners(stream: NodeJS.EventEmitter): void {
    super.attachListeners(this.#others)
    stream.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  override describe(message: Parameters<pg.Connection['describe']>[0], more: boolean): void {
    if (!this.isDescribed) super.describe(message, more)
  }

  /** Emits rows one by one, and passes the bytes between them to pg. */
  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    let handed = 0
    while (at + headLength <= bytes.length) {
      const end = at + 1 + bytes.readUInt32BE(at + 1)
      if (end > bytes.length) break
      if (bytes[at] === dataRow) {
        if (handed < at) this.#others.emit('data', bytes.subarray(handed, at))
        this.emit('dataRow', { bytes, at: at + headLength } satisfies ArrivedRow)
        handed = end
      }
      at = end
    }
    if (handed < at) this.#others.emit('data', bytes.subarray(handed, at))
    this.#rest = at === bytes.length ? nothing : bytes.subarray(at)
  }
}

/** Replaces the connection of a client, which must not be connected yet. */
export function readingLines(client: pg.Client): pg.Client {
  const { connection } = client // not connected, but with the socket and the TLS options
  return Object.assign(client, { connection: new LineConnection(connection as object) })
}

/** A query on a connection of {@link readingLines}. */
export class LineQuery extends pg.Query {
  declare readonly name: string | undefined
  declare readonly types: pg.CustomTypesConfig
  declare readonly _result: pg.QueryArrayResult<unknown[]>
  declare _canceledDueToError: unknown
  #connection: LineConnection | undefined
  #columns: Column[] = []

  override prepare(connection: LineConnection): void {
    this.#connection = connection
    const columns = this.name === undefined ? undefined : connection.described.get(this.name)
    if (columns) this.#columns = columns
    connection.isDescribed = columns !== undefined
    super.prepare(connection)
    connection.isDescribed = false
  }

  override handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    this.#columns = fields.map(({ dataTypeID: type }) => ({
      type,
      parse: this.types.getTypeParser(type, 'text'),
      last: '',
    }))
    if (this.name !== undefined) this.#connection?.described.set(this.name, this.#columns)
  }

  override handleDataRow(row: ArrivedRow): void {
    if (this._canceledDueToError) return
    try {
      this._result.rows.push(readRow(row, this.#columns))
    } catch (error) {
      this._canceledDueToError = error // the caller gets the error when the result ends
    }
  }
}

// ------------------------------------------------------------------------------------------------ rows

function readRow({ bytes, at }: ArrivedRow, columns: Column[]): unknown[] {
  const row = new Array<unknown>(columns.length)
  let from = at + 2
  for (let nth = 0; nth < columns.length; nth++) {
    const length = bytes.readInt32BE(from)
    from += 4
    if (length < 0) {
      row[nth] = null
    } else {
      row[nth] = readCell(bytes, from, from + length, columns[nth] as Column)
      from += length
    }
  }
  return row
}

const { BOOL, INT2, INT4, INT8, TEXT } = pg.types.builtins

function readCell(bytes: Buffer, from: number, to: number, column: Column): unknown {
  switch (column.type) {
    case INT8:
    case INT4:
    case INT2:
      return readInteger(bytes, from, to)
    case BOOL:
      return bytes[from] === 0x74
    case TEXT:
      return readText(bytes, from, to, column)
    default:
      return column.parse(bytes.toString('utf8', from, to))
  }
}

/** Parses an integer up to 2^53, which covers all our ids and counts. */
function readInteger(bytes: Buffer, from: number, to: number): number {
  const isNegative = bytes[from] === 0x2d
  let value = 0
  for (let at = isNegative ? from + 1 : from; at < to; at++) value = value * 10 + (bytes[at] as number) - 0x30
  return isNegative ? -value : value
}

/** Longer values are rarely equal to the previous one. */
const wordMax = 16

function readText(bytes: Buffer, from: number, to: number, column: Column): string {
  const length = to - from
  if (length <= wordMax && isSame(bytes, from, to, column.last)) return column.last
  const word = bytes.toString('utf8', from, to)
  if (length <= wordMax && word.length === length) column.last = word // ASCII: no other text has the same bytes
  return word
}

function isSame(bytes: Buffer, from: number, to: number, word: string): boolean {
  if (word.length !== to - from) return false
  for (let at = from; at < to; at++) if (bytes[at] !== word.charCodeAt(at - from)) return false
  return true
}
