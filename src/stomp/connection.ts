// One client: one reader (receive), one writer (#write), and the frames in between, in order.
import { ChatError } from '#errors.ts'
import { presentRefusal } from '#wire/problem.ts'
import { protocolFault } from './error.ts'
import type { Flusher } from './flusher.ts'
import { type ClientFrame, FrameReader, frameHead, noBody, type SharedBody, shareBody } from './frames.ts'
import type { AckMode, StompHandler } from './handler.ts'
import type { StompLimits } from './limits.ts'
import type { Receiver, StompRequest, Transport } from './transport.ts'

export interface StompLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What all connections of a server share. */
export interface Engine<S> {
  handler: StompHandler<S>
  limits: StompLimits
  log: StompLog
  flusher: Flusher
  /** A slow reader was cut off. */
  cutOff(): void
  /** A connection is over, its handler told. */
  over(connection: StompConnection<S>): void
}

/** What waits to be written is handed to the socket from this size on. */
const flushBytes = 64 * 1024

/** Close codes of RFC 6455, 7.4.1. */
const closeCodes = { normal: 1000, goingAway: 1001, protocolError: 1002, refused: 1008 }

const ackModes = new Set(['auto', 'client', 'client-individual'])

let connectionCount = 0

export class StompConnection<S> implements Receiver {
  /** For logs; unique in the process. */
  readonly id: number
  readonly request: StompRequest
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting'
  readonly #engine: Engine<S>
  readonly #transport: Transport
  readonly #reader: FrameReader
  #session: { value: S } | undefined
  #how: 'disconnect' | 'lost' = 'lost'
  #isConnectExpected = true
  #isLeaving = false

  // Frames that wait for their turn.
  readonly #waiting: ClientFrame[] = []
  readonly #waitingReads: ClientFrame[] = []
  /** Of all that wait for their turn. */
  #waitingFrameBytes = 0
  #runningReads = 0
  #readsDone: (() => void) | undefined
  #isWorking = false
  #acceptedFrames = 0
  #hasDisconnect = false
  #isYielding = false
  #isPaused = false
  /** The serial number of the SUBSCRIBE that took an id. */
  readonly #subscriptionIds = new Map<string, number>()

  // What waits to be written.
  #output: { head: string; headBytes: number; body: SharedBody }[] = []
  #outputBytes = 0

  // Clocks; tick() looks at them.
  #receivedBytes = 0
  #heardAt = Date.now()
  #silenceMsMax = Number.POSITIVE_INFINITY
  #beatMs = Number.POSITIVE_INFINITY
  #beatAt = Number.POSITIVE_INFINITY
  /** Until CONNECT is there, for it; while leaving or closing, when patience ends. */
  #deadline: number
  #hasClosed = false

  constructor(engine: Engine<S>, transport: Transport, request: StompRequest) {
    connectionCount += 1
    this.id = connectionCount
    this.request = request
    this.#engine = engine
    this.#transport = transport
    this.#reader = new FrameReader(engine.limits)
    this.#deadline = Date.now() + engine.limits.connectMs
    const { connectBytesMax } = engine.limits
    transport.confine(connectBytesMax, () =>
      this.#abort(protocolFault(`A client may send ${connectBytesMax} bytes before it is CONNECTED`)),
    )
  }

  get state(): 'connecting' | 'open' | 'closing' | 'closed' {
    return this.#state
  }

  /** What was sent and waits for the client to read it. */
  get waitingBytes(): number {
    return this.#state === 'open' ? this.#outputBytes + this.#transport.bufferedBytes : 0
  }

  /** What the handler's connect gave. */
  get session(): S {
    if (!this.#session) throw new Error('The connection has no session before connect resolves')
    return this.#session.value
  }

  /**
   * Sends a MESSAGE [STOMP 1.2 MESSAGE]; nothing happens unless the connection is open. Frames of one connection arrive
   * in the order of the calls.
   * @param headers the subscriber's own; `destination`, `message-id` and `subscription` must be among these or the
   * body's. Empty values are left out.
   */
  message(headers: Record<string, string>, body: SharedBody): void {
    if (this.#state === 'open') this.#write(frameHead('MESSAGE', headers), body)
  }

  /** Sends an ERROR with a JSON body and closes; frames that wait are dropped [STOMP 1.2 ERROR]. */
  fail(error: ChatError): void {
    this.#refuse(error, closeCodes.refused)
  }

  /**
   * Closes after what was sent; frames that wait are dropped.
   * @param code of WebSocket
   */
  close(code = closeCodes.normal): void {
    if (this.#state === 'closing' || this.#state === 'closed') return
    this.#beginClosing()
    this.#closeTransport(code)
  }

  /** Reads no more, does what was read, and closes: the client finds another server. */
  leave(): void {
    if (this.#hasClosed || this.#state === 'closed') return
    if (this.#state === 'closing') {
      this.#closeTransport(closeCodes.goingAway)
      return
    }
    this.#isLeaving = true
    this.#deadline = Date.now() + this.#engine.limits.closeMs
    this.#pauseOrResume()
    this.#settle()
  }

  /** Closes at once. */
  terminate(): void {
    this.#transport.terminate()
    this.ended()
  }

  // The reader.

  receive(chunk: Buffer): void {
    if (!this.#isReading()) return
    this.#reader.push(chunk)
    this.#pull()
  }

  ended(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#dropOutput()
    this.#dropReads()
    this.#settle()
  }

  /** Takes frames until too many wait; then the socket is not read, and TCP does the rest. */
  #pull(): void {
    let offending: ClientFrame | undefined
    try {
      while (this.#isReading() && !this.#isFull() && !this.#isYielding) {
        const frame = this.#reader.next()
        if (!frame) break
        offending = frame
        this.#accept(frame)
        offending = undefined
        this.#acceptedFrames += 1
        // A message may hold thousands of small frames; others have their turn in between.
        if (this.#acceptedFrames % this.#engine.limits.waitingFramesMax === 0) this.#yield()
      }
    } catch (error) {
      this.#abort(error, offending)
    }
    this.#pauseOrResume()
  }

  #isReading(): boolean {
    const isOver = this.#hasDisconnect || this.#isLeaving
    return !isOver && (this.#state === 'connecting' || this.#state === 'open')
  }

  #isFull(): boolean {
    const { waitingFramesMax, waitingBytesMax } = this.#engine.limits
    const frames = this.#waiting.length + this.#waitingReads.length
    return frames >= waitingFramesMax || this.#waitingFrameBytes >= waitingBytesMax
  }

  #yield(): void {
    this.#isYielding = true
    setImmediate(() => {
      this.#isYielding = false
      this.#pull()
    })
  }

  #pauseOrResume(): void {
    const isPaused = this.#isReading() && (this.#isFull() || this.#isYielding)
    if (isPaused === this.#isPaused || this.#state === 'closed') return
    this.#isPaused = isPaused
    if (isPaused) {
      this.#transport.pause()
    } else {
      this.#heardAt = Date.now()
      this.#transport.resume()
    }
  }

  /** Checks a frame, and has it wait for its turn. Throws a ProtocolError. */
  #accept(frame: ClientFrame): void {
    const { command } = frame
    const isConnect = command === 'CONNECT' || command === 'STOMP'
    // Neither before CONNECT nor a second one [STOMP 1.2 Connecting].
    if (isConnect !== this.#isConnectExpected) {
      throw protocolFault(isConnect ? 'The connection had its CONNECT already' : `${command} before CONNECT`)
    }
    if (isConnect) {
      this.#isConnectExpected = false
      this.#deadline = Number.POSITIVE_INFINITY
    }
    checkHeaders(frame, this.#engine.limits)
    switch (command) {
      case 'ACK':
      case 'NACK':
        if (this.#state === 'open') this.#acknowledge(frame)
        else this.#enqueue(frame)
        return
      case 'SUBSCRIBE':
        this.#acceptSubscription(frame)
        break
      case 'UNSUBSCRIBE':
        // Of an unknown id, such as that of a read which was answered, nothing but the RECEIPT remains.
        if (!this.#subscriptionIds.delete(header(frame, 'id'))) {
          this.#enqueue({ ...frame, command: 'NOTHING' })
          return
        }
        break
      case 'DISCONNECT':
        // The client must not send any more frames [STOMP 1.2 DISCONNECT].
        this.#hasDisconnect = true
        break
    }
    this.#enqueue(frame)
  }

  /** Ids are unique within a connection [STOMP 1.2 SUBSCRIBE id Header]. */
  #acceptSubscription(frame: ClientFrame): void {
    const id = header(frame, 'id')
    if (this.#subscriptionIds.has(id)) throw protocolFault('The id of a SUBSCRIBE is in use')
    const { subscriptionsMax } = this.#engine.limits
    if (this.#subscriptionIds.size === subscriptionsMax) {
      throw protocolFault(`A connection has at most ${subscriptionsMax} subscriptions`)
    }
    this.#subscriptionIds.set(id, frame.serial)
  }

  /** Lets others have the id, unless a later SUBSCRIBE has it already. */
  #freeSubscription(frame: ClientFrame): void {
    const id = header(frame, 'id')
    if (this.#subscriptionIds.get(id) === frame.serial) this.#subscriptionIds.delete(id)
  }

  // The frames in between.

  #enqueue(frame: ClientFrame): void {
    this.#waiting.push(frame)
    this.#waitingFrameBytes += frame.bytes
    if (!this.#isWorking) void this.#work()
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) {
      this.#waitingFrameBytes -= frame.bytes
      try {
        await this.#serve(frame)
      } catch (fault) {
        this.#abort(fault, frame)
      }
      this.#pull()
    }
    this.#isWorking = false
    this.#settle()
  }

  /** What a client sent before it was lost is still done; there is nobody left to subscribe. */
  async #serve(frame: ClientFrame): Promise<void> {
    const { handler } = this.#engine
    const { command } = frame
    if (command === 'CONNECT' || command === 'STOMP') return this.#connect(frame)
    if (!this.#session || (this.#state === 'closed' && command !== 'SEND')) return
    switch (command) {
      case 'SEND': {
        const { headers, body } = frame
        const message = { destination: header(frame, 'destination'), headers, body }
        await this.#attempt(frame, () => handler.send(this, message))
        return
      }
      case 'SUBSCRIBE':
        if (!handler.isConcurrent(header(frame, 'destination'))) return this.#subscribe(frame)
        this.#waitingReads.push(frame)
        this.#waitingFrameBytes += frame.bytes
        this.#read()
        return
      case 'UNSUBSCRIBE':
        await this.#attempt(frame, () => handler.unsubscribe(this, header(frame, 'id')))
        return
      case 'ACK':
      case 'NACK':
        this.#acknowledge(frame)
        return
      case 'DISCONNECT':
        return this.#disconnect(frame)
      default:
        this.#receipt(frame)
    }
  }

  async #connect(frame: ClientFrame): Promise<void> {
    const { handler, limits } = this.#engine
    let connected: { state: S; headers: Record<string, string> }
    try {
      connected = await handler.connect(this, frame)
    } catch (error) {
      this.#abort(error, frame, closeCodes.refused)
      return
    }
    this.#session = { value: connected.state }
    if (this.#state !== 'connecting') return
    this.#beginBeating(frame)
    const ours = `${limits.heartBeatMs},${limits.heartBeatMs}`
    const head = frameHead('CONNECTED', { version: '1.2', 'heart-beat': ours, ...connected.headers })
    this.#state = 'open'
    this.#transport.free()
    this.#write(head, noBody)
  }

  async #subscribe(frame: ClientFrame): Promise<void> {
    const { headers } = frame
    const subscription = {
      id: header(frame, 'id'),
      destination: header(frame, 'destination'),
      ack: (headers.get('ack') ?? 'auto') as AckMode, // checked when it was accepted
      headers,
    }
    const isDone = await this.#attempt(frame, () => this.#engine.handler.subscribe(this, subscription))
    if (!isDone) this.#freeSubscription(frame)
  }

  /** Starts as many of the waiting reads as may run. */
  #read(): void {
    while (this.#runningReads < this.#engine.limits.concurrentReadsMax) {
      const frame = this.#waitingReads.shift()
      if (!frame) break
      this.#waitingFrameBytes -= frame.bytes
      this.#runningReads += 1
      void this.#subscribe(frame).then(() => {
        this.#freeSubscription(frame)
        this.#runningReads -= 1
        this.#read()
        if (this.#runningReads === 0) this.#readsDone?.()
        this.#pull()
        this.#settle()
      })
    }
  }

  /** Whatever comes of it, the connection goes on; gives whether it was done. */
  async #attempt(frame: ClientFrame, act: () => Promise<void>): Promise<boolean> {
    try {
      await act()
    } catch (error) {
      this.#failed(frame, error)
      return false
    }
    this.#receipt(frame)
    return true
  }

  #failed(frame: ClientFrame, error: unknown): void {
    try {
      this.#engine.handler.failed(this, frame, error)
    } catch (fault) {
      this.#abort(fault, frame)
    }
  }

  #acknowledge(frame: ClientFrame): void {
    const { handler } = this.#engine
    const id = header(frame, 'id')
    try {
      if (frame.command === 'ACK') handler.ack(this, id)
      else handler.nack(this, id)
    } catch (fault) {
      this.#abort(fault, frame)
      return
    }
    this.#receipt(frame)
  }

  /** The RECEIPT says that all that was sent before is done; the client closes the socket [STOMP 1.2 DISCONNECT]. */
  async #disconnect(frame: ClientFrame): Promise<void> {
    if (this.#runningReads > 0) {
      await new Promise<void>((resolve) => {
        this.#readsDone = resolve
      })
    }
    if (this.#state !== 'open') return
    this.#receipt(frame)
    this.#how = 'disconnect'
    this.#beginClosing(this.#engine.limits.lingerMs)
  }

  #settle(): void {
    const isRunning = this.#isWorking || this.#runningReads > 0
    if (isRunning || this.#waiting.length > 0) return
    if (this.#state !== 'closed') {
      if (this.#isLeaving) this.close(closeCodes.goingAway)
      return
    }
    if (this.#session) {
      try {
        this.#engine.handler.closed(this, this.#how)
      } catch (error) {
        this.#engine.log.error(
          { connectionId: this.id, err: error },
          'handling the end of a connection failed',
        )
      }
    }
    this.#engine.over(this)
  }

  // The ways out.

  /** Ends the connection for what was thrown: the client's fault, or ours. */
  #abort(error: unknown, frame?: ClientFrame, code = closeCodes.protocolError): void {
    if (error instanceof ChatError) {
      this.#engine.log.info({ connectionId: this.id, error: error.kind, reason: error.message }, 'refused')
      this.#refuse(error, code, frame)
      return
    }
    this.#engine.log.error({ connectionId: this.id, command: frame?.command, err: error }, 'a frame failed')
    const fault = new ChatError('InternalServerError', 'Something went wrong; please try again')
    this.#refuse(fault, closeCodes.refused, frame)
  }

  #refuse(error: ChatError, code: number, frame?: ClientFrame): void {
    if (this.#state === 'closing' || this.#state === 'closed') return
    const headers = {
      'content-type': 'application/json',
      // The version that we speak [STOMP 1.2 Protocol Negotiation].
      version: '1.2',
      message: error.kind,
      'receipt-id': frame?.headers.get('receipt') ?? '',
    }
    this.#write(frameHead('ERROR', headers), shareBody(JSON.stringify(presentRefusal(error))))
    this.close(code)
  }

  #beginClosing(patienceMs = 0): void {
    this.flush()
    if (this.#state === 'closed') return // the last write found a slow reader
    this.#state = 'closing'
    this.#dropFrames()
    this.#deadline = Date.now() + patienceMs
    this.#pauseOrResume()
  }

  #closeTransport(code: number): void {
    if (this.#state !== 'closing') return
    this.#hasClosed = true
    this.#deadline = Date.now() + this.#engine.limits.closeMs
    this.#transport.close(code)
  }

  #dropFrames(): void {
    for (const frame of this.#waiting.splice(0)) this.#waitingFrameBytes -= frame.bytes
    this.#dropReads()
  }

  #dropReads(): void {
    for (const frame of this.#waitingReads.splice(0)) this.#waitingFrameBytes -= frame.bytes
  }

  // The writer.

  #receipt(frame: ClientFrame): void {
    const receipt = frame.headers.get('receipt')
    if (receipt && this.#state === 'open')
      this.#write(frameHead('RECEIPT', { 'receipt-id': receipt }), noBody)
  }

  #write(head: string, body: SharedBody): void {
    const { limits, flusher } = this.#engine
    if (this.#outputBytes + this.#transport.bufferedBytes > limits.bufferedBytesMax) {
      this.#cutOff()
      return
    }
    if (this.#output.length === 0) flusher.add(this)
    const headBytes = Buffer.byteLength(head)
    this.#output.push({ head, headBytes, body })
    this.#outputBytes += headBytes + body.bytes.length
    if (this.#outputBytes >= flushBytes) this.flush()
  }

  /** Hands over what waits. */
  flush(): void {
    if (this.#output.length === 0) return
    const frames = this.#output.map(({ head, headBytes, body }) => {
      const frame = Buffer.allocUnsafe(headBytes + body.bytes.length)
      body.bytes.copy(frame, frame.write(head))
      return frame
    })
    this.#dropOutput()
    this.#transport.send(frames)
  }

  #dropOutput(): void {
    this.#output = []
    this.#outputBytes = 0
  }

  /** One who does not read must not fill our memory. */
  #cutOff(): void {
    this.#engine.log.warn({ connectionId: this.id }, 'a slow reader was cut off')
    this.#engine.cutOff()
    this.#dropFrames()
    this.terminate()
  }

  // The clocks.

  /** A server must send a beat every max(what it offers, what the client wants), and may expect one as often. */
  #beginBeating(connect: ClientFrame): void {
    const { heartBeatMs, silentBeatsMax, tickMs } = this.#engine.limits
    const [sends = 0, wants = 0] = (connect.headers.get('heart-beat') ?? '0,0').split(',').map(Number)
    this.#heardAt = Date.now()
    if (wants > 0) {
      this.#beatMs = Math.max(wants, heartBeatMs) - tickMs
      this.#beatAt = this.#heardAt + this.#beatMs
    }
    if (sends > 0) this.#silenceMsMax = Math.max(sends, heartBeatMs) * silentBeatsMax
  }

  /** To be called every tickMs. */
  tick(now: number): void {
    if (this.#state === 'closing') {
      this.#tickClosing(now)
      return
    }
    if (this.#state === 'closed') return
    if (now >= this.#deadline) {
      if (this.#isLeaving) this.close(closeCodes.goingAway)
      else this.#abort(protocolFault(`No CONNECT within ${this.#engine.limits.connectMs} ms`))
      return
    }
    this.#listen(now)
    if (now >= this.#beatAt) {
      // Also if other frames were sent: some clients count line feeds alone [runtime contract 1.3].
      this.#beatAt = now + this.#beatMs
      this.#write('\n', heartBeat)
    }
  }

  /** A client that we do not read cannot be heard. */
  #listen(now: number): void {
    const { receivedBytes } = this.#transport
    if (receivedBytes !== this.#receivedBytes || this.#isPaused) {
      this.#receivedBytes = receivedBytes
      this.#heardAt = now
    } else if (now - this.#heardAt > this.#silenceMsMax) {
      this.#engine.log.info({ connectionId: this.id }, 'a connection fell silent')
      this.terminate()
    }
  }

  #tickClosing(now: number): void {
    if (now < this.#deadline) return
    if (this.#hasClosed) this.terminate()
    else this.#closeTransport(closeCodes.normal)
  }
}

/** A line feed and nothing else. */
const heartBeat: SharedBody = { bytes: Buffer.alloc(0) }

/** What each command needs [STOMP 1.2 Frames and Headers]. Throws a ProtocolError. */
function checkHeaders(frame: ClientFrame, { idCharactersMax }: StompLimits): void {
  const { command, headers } = frame
  for (const name of ['id', 'receipt']) {
    if ((headers.get(name)?.length ?? 0) > idCharactersMax) {
      throw protocolFault(`The ${name} of a ${command} is longer than ${idCharactersMax} characters`)
    }
  }
  switch (command) {
    case 'CONNECT':
    case 'STOMP':
      checkConnect(frame)
      return
    case 'BEGIN':
    case 'COMMIT':
    case 'ABORT':
      throw protocolFault('Transactions are not supported')
    case 'SUBSCRIBE':
      header(frame, 'id')
      header(frame, 'destination')
      if (!ackModes.has(headers.get('ack') ?? 'auto'))
        throw protocolFault('The ack of a SUBSCRIBE is unknown')
      return
    case 'SEND':
      header(frame, 'destination')
      break
    case 'UNSUBSCRIBE':
    case 'ACK':
    case 'NACK':
      header(frame, 'id')
      break
  }
  if (headers.get('transaction') !== undefined) throw protocolFault('Transactions are not supported')
}

function checkConnect({ headers }: ClientFrame): void {
  // Without accept-version it is a client of STOMP 1.0, which understands what we say [STOMP 1.2 Future Compatibility].
  const versions = headers.get('accept-version')?.split(',') ?? ['1.2']
  if (!versions.some((version) => version.trim() === '1.2')) {
    throw protocolFault('Of the versions of STOMP, only 1.2 is supported')
  }
  if (!/^ *\d{1,10} *, *\d{1,10} *$/.test(headers.get('heart-beat') ?? '0,0')) {
    throw protocolFault('heart-beat is not of the form <ms>,<ms>')
  }
}

function header({ command, headers }: ClientFrame, name: string): string {
  const value = headers.get(name)
  if (!value) throw protocolFault(`${command} without the header ${name}`)
  return value
}
