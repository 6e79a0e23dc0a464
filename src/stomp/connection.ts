// One client, from its socket's opening to its end: what its frames do, and the ways out. Frames come from its inbox,
// and go to its outbox.
import { ChatError } from '#errors.ts'
import { Admission } from './admission.ts'
import { Clock } from './clock.ts'
import type { Engine } from './engine.ts'
import { errorBody, protocolFault } from './error.ts'
import type { ClientFrame } from './frames.ts'
import type { AckMode } from './handler.ts'
import { Inbox } from './inbox.ts'
import type { MessageHead } from './message-head.ts'
import { Outbox } from './outbox.ts'
import { header } from './rules.ts'
import { noBody, type SharedBody, shareBody } from './shared-body.ts'
import { ending, type State } from './state.ts'
import type { Receiver, StompRequest, Transport } from './transport.ts'

/** Close codes of RFC 6455, 7.4.1. */
const closeCodes = { normal: 1000, goingAway: 1001, protocolError: 1002, refused: 1008 }

let connectionCount = 0

export class StompConnection<S> implements Receiver {
  /** For logs; unique in the process. */
  readonly id: number
  readonly request: StompRequest
  #state: State = 'waiting'
  readonly #engine: Engine<S>
  readonly #transport: Transport
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #admission: Admission
  #session: { value: S } | undefined
  #how: 'disconnect' | 'lost' = 'lost'

  constructor(engine: Engine<S>, transport: Transport, request: StompRequest) {
    connectionCount += 1
    this.id = connectionCount
    this.request = request
    this.#engine = engine
    this.#transport = transport
    const { limits, flusher, tally } = engine
    this.#inbox = new Inbox(transport, engine, {
      accept: (frame) => this.#accept(frame),
      serve: (frame) => this.#serve(frame),
      serveAside: async (frame) => {
        await this.#subscribe(frame)
        this.#admission.free(frame) // the answer was all that it asked for
      },
      failed: (error, frame) => this.#abort(error, frame),
      served: () => this.#settle(),
    })
    this.#outbox = new Outbox(transport, { flusher, limits, tally, overflowed: () => this.#cutOff() })
    this.#admission = new Admission(limits)
    this.#clock = new Clock(limits)
    this.#clock.wait(limits.connectMs)
    transport.confine(limits.connectBytesMax, () =>
      this.#abort(protocolFault(`A client may send ${limits.connectBytesMax} bytes before it is CONNECTED`)),
    )
  }

  get state(): State {
    return this.#state
  }

  /** What was sent and waits for the client to read it. */
  get waitingBytes(): number {
    return this.#state === 'open' ? this.#outbox.waitingBytes : 0
  }

  /** What the handler's connect gave. */
  get session(): S {
    if (!this.#session) throw new Error('The connection has no session before connect resolves')
    return this.#session.value
  }

  /**
   * Sends a MESSAGE [STOMP 1.2 MESSAGE]; nothing happens unless the connection is open. Frames of one connection arrive
   * in the order of the calls.
   * @returns whether it is on its way
   */
  message(head: MessageHead, body: SharedBody): boolean {
    return this.#engine.handler.outgoing?.(this, head, body) ?? this.deliver(head, body)
  }

  /** Sends a MESSAGE past the handler. */
  deliver(head: MessageHead, body: SharedBody): boolean {
    if (this.#state !== 'open') return false
    this.#outbox.sendMessage(head, body)
    return true
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
    if (ending.has(this.#state)) return
    this.#end('closing')
    this.#closeTransport(code)
  }

  /** Reads no more, does what was read, and closes: the client finds another server. */
  leave(): void {
    if (this.#state === 'lingering') this.#closeTransport(closeCodes.goingAway)
    if (ending.has(this.#state)) return
    this.#clock.wait(this.#engine.limits.closeMs)
    this.#inbox.stop()
    this.#settle()
  }

  /** Closes at once. */
  terminate(): void {
    this.#transport.terminate()
    this.ended()
  }

  receive(chunk: Buffer): void {
    this.#inbox.receive(chunk)
  }

  ended(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#outbox.drop()
    this.#inbox.end()
    this.#settle()
  }

  /** Looks at the clock; to be called every tickMs. */
  tick(now: number): void {
    if (this.#state === 'closed') return
    if (this.#clock.isOver(now)) {
      this.#timeOut()
    } else if (ending.has(this.#state)) {
      return
    } else if (this.#clock.isSilent(now, this.#transport.receivedBytes, this.#inbox.isPaused)) {
      this.#engine.log.info({ connectionId: this.id }, 'a connection fell silent')
      this.terminate()
    } else if (this.#clock.takeBeat(now)) {
      this.#outbox.beat()
    }
  }

  #timeOut(): void {
    if (this.#state === 'closing') this.terminate()
    else if (this.#state === 'lingering') this.#closeTransport(closeCodes.normal)
    else if (this.#inbox.isStopped) this.close(closeCodes.goingAway)
    else this.#abort(protocolFault(`No CONNECT within ${this.#engine.limits.connectMs} ms`))
  }

  // What frames do.

  /** Checks a frame, and gives what is done in its turn. @throws ChatError ProtocolError */
  #accept(frame: ClientFrame): ClientFrame | undefined {
    const admitted = this.#admission.admit(frame)
    switch (admitted.command) {
      case 'CONNECT':
      case 'STOMP':
        this.#state = 'connecting'
        this.#clock.wait()
        break
      case 'ACK':
      case 'NACK':
        if (this.#state !== 'open') break
        this.#acknowledge(admitted)
        return undefined
      case 'DISCONNECT':
        // The client must not send any more frames [STOMP 1.2 DISCONNECT].
        this.#inbox.stop()
        break
    }
    return admitted
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
        this.#inbox.putAside(frame)
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
    this.#clock.beginBeating(frame.headers.get('heart-beat'))
    const ours = `${limits.heartBeatMs},${limits.heartBeatMs}`
    this.#state = 'open'
    this.#transport.free()
    const headers = { version: '1.2', 'heart-beat': ours, ...connected.headers }
    this.#outbox.send('CONNECTED', headers, noBody)
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
    if (!isDone) this.#admission.free(frame)
  }

  /** Whatever comes of it, the connection goes on; gives whether it was done. */
  async #attempt(frame: ClientFrame, act: () => Promise<void>): Promise<boolean> {
    try {
      await act()
    } catch (error) {
      this.#engine.handler.failed(this, frame, error)
      return false
    }
    this.#receipt(frame)
    return true
  }

  #acknowledge(frame: ClientFrame): void {
    const { handler } = this.#engine
    const id = header(frame, 'id')
    if (frame.command === 'ACK') handler.ack(this, id)
    else handler.nack(this, id)
    this.#receipt(frame)
  }

  /** The RECEIPT says that all that was sent before is done; the client closes the socket [STOMP 1.2 DISCONNECT]. */
  async #disconnect(frame: ClientFrame): Promise<void> {
    await this.#inbox.whenAsideDone()
    if (this.#state !== 'open') return
    this.#receipt(frame)
    this.#how = 'disconnect'
    this.#end('lingering')
    this.#clock.wait(this.#engine.limits.lingerMs)
  }

  #receipt(frame: ClientFrame): void {
    const receipt = frame.headers.get('receipt')
    if (receipt && this.#state === 'open') this.#outbox.send('RECEIPT', { 'receipt-id': receipt }, noBody)
  }

  // The ways out.

  /** Ends the connection for what was thrown: the client's fault, or ours. */
  #abort(error: unknown, frame?: ClientFrame, code = closeCodes.protocolError): void {
    if (error instanceof ChatError) {
      // Not why: the reason may be in the client's own words, or in those of who banned it.
      this.#engine.log.info({ connectionId: this.id, error: error.kind }, 'refused')
      this.#refuse(error, code, frame)
      return
    }
    this.#engine.log.error({ connectionId: this.id, command: frame?.command, err: error }, 'a frame failed')
    const fault = new ChatError('InternalServerError', 'Something went wrong; please try again')
    this.#refuse(fault, closeCodes.refused, frame)
  }

  #refuse(error: ChatError, code: number, frame?: ClientFrame): void {
    if (ending.has(this.#state)) return
    const headers = {
      'content-type': 'application/json',
      // The version that we speak [STOMP 1.2 Protocol Negotiation].
      version: '1.2',
      message: error.kind,
      'receipt-id': frame?.headers.get('receipt') ?? '',
    }
    this.#outbox.send('ERROR', headers, shareBody(errorBody(error, this.#engine.clock.now())))
    this.close(code)
  }

  /** One who does not read must not fill our memory. */
  #cutOff(): void {
    this.#engine.log.warn({ connectionId: this.id }, 'a slow reader was cut off')
    this.#engine.cutOff()
    this.#inbox.drop()
    this.terminate()
  }

  /** Nothing else is served or sent. */
  #end(state: 'lingering' | 'closing'): void {
    this.#outbox.flush()
    if (this.#state === 'closed') return // the last write found a slow reader
    this.#state = state
    this.#inbox.drop()
  }

  #closeTransport(code: number): void {
    if (this.#state === 'closed') return
    this.#state = 'closing'
    this.#clock.wait(this.#engine.limits.closeMs)
    this.#transport.close(code)
  }

  /** Once all that was read is done, one who leaves is gone, and the handler hears of a closed socket. */
  #settle(): void {
    if (!this.#inbox.isIdle) return
    if (this.#state !== 'closed') {
      if (this.#inbox.isStopped) this.close(closeCodes.goingAway)
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
}
