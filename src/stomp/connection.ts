// One client's connection, from the opening of its socket to the end: how its frames are handled, and how it is closed.
// Frames come from its inbox and go to its outbox.
import { ChatError } from '#errors.ts'
import { Admission } from './admission.ts'
import { Clock } from './clock.ts'
import type { Engine } from './engine.ts'
import { errorBody, errorHeaders, protocolFault } from './error.ts'
import type { ClientFrame } from './frames.ts'
import { Inbox } from './inbox.ts'
import type { MessageHead } from './message-head.ts'
import { Outbox } from './outbox.ts'
import { ackModeOf, header } from './rules.ts'
import { noBody, type SharedBody, shareBody } from './shared-body.ts'
import { ending, type State } from './state.ts'
import type { Receiver, StompRequest, Transport } from './transport.ts'

/** WebSocket close codes [RFC 6455 7.4.1]. */
const closeCodes = { normal: 1000, goingAway: 1001, protocolError: 1002, refused: 1008 }

let connectionCount = 0

export class StompConnection<S> implements Receiver {
  /** Identifies the connection in logs; unique in the process. */
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
  #isHandlerNotified = false

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
        this.#admission.free(frame) // the answer ends a concurrent SUBSCRIBE
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

  /** Number of bytes sent and not yet read by the client. */
  get waitingBytes(): number {
    return this.#state === 'open' ? this.#outbox.waitingBytes : 0
  }

  /** The session that the handler's connect returned. @throws Error before connect resolves */
  get session(): S {
    if (!this.#session) throw new Error('The connection has no session before connect resolves')
    return this.#session.value
  }

  /**
   * Sends a MESSAGE [STOMP 1.2 MESSAGE], if the connection is open. Frames of one connection arrive in the order of the
   * calls.
   * @returns whether it was sent
   */
  message(head: MessageHead, body: SharedBody): boolean {
    return this.#engine.handler.outgoing?.(this, head, body) ?? this.deliver(head, body)
  }

  /** Sends a MESSAGE, bypassing the handler's `outgoing`. */
  deliver(head: MessageHead, body: SharedBody): boolean {
    if (this.#state !== 'open') return false
    this.#outbox.sendMessage(head, body)
    return true
  }

  /** Sends an ERROR with a JSON body and closes; waiting frames are dropped [STOMP 1.2 ERROR]. */
  fail(error: ChatError): void {
    this.#refuse(error, closeCodes.refused)
  }

  /**
   * Closes after the frames sent so far; waiting incoming frames are dropped.
   * @param code WebSocket close code
   */
  close(code = closeCodes.normal): void {
    if (ending.has(this.#state)) return
    this.#end('closing')
    this.#closeTransport(code)
  }

  /** Stops reading, serves the frames already read, and closes, so that the client connects to another server. */
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

  /** Checks timeouts and heart-beats. Must be called every `tickMs`. */
  tick(now: number): void {
    if (this.#state === 'closed') return
    if (this.#clock.isOver(now)) {
      this.#timeOut()
    } else if (ending.has(this.#state)) {
      return
    } else if (this.#clock.isSilent(now, this.#transport.receivedBytes, this.#inbox.isPaused)) {
      this.#engine.log.info({ connectionId: this.id }, 'a connection missed its heart-beats')
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

  // Handling frames.

  /** Checks a frame, and returns the frame to serve in its turn, if any. @throws ChatError ProtocolError */
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
        // The client must not send any more frames [STOMP 1.2 DISCONNECT]. It may close the socket without waiting for
        // those before it to be served.
        this.#inbox.stop()
        this.#how = 'disconnect'
        break
    }
    return admitted
  }

  /** Serves a frame. SENDs are served even after the connection was lost; other frames are then ignored. */
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
      ack: ackModeOf(frame),
      headers,
    }
    const isDone = await this.#attempt(frame, () => this.#engine.handler.subscribe(this, subscription))
    if (!isDone) this.#admission.free(frame)
  }

  /** Runs `act`; an error is passed to the handler and does not end the connection. @returns whether it succeeded */
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

  /** The RECEIPT confirms that all previous frames are served; the client closes the socket [STOMP 1.2 DISCONNECT]. */
  async #disconnect(frame: ClientFrame): Promise<void> {
    await this.#inbox.whenAsideDone()
    if (this.#state !== 'open') return
    this.#receipt(frame)
    this.#end('lingering')
    this.#clock.wait(this.#engine.limits.lingerMs)
    this.#notifyHandler() // the session has ended, however late the client closes the socket
  }

  #receipt(frame: ClientFrame): void {
    const receipt = frame.headers.get('receipt')
    if (receipt && this.#state === 'open') this.#outbox.send('RECEIPT', { 'receipt-id': receipt }, noBody)
  }

  // Ending the connection.

  /** Ends the connection because of an error, of the client or of the server. */
  #abort(error: unknown, frame?: ClientFrame, code = closeCodes.protocolError): void {
    if (error instanceof ChatError) {
      // The message is not logged: it may contain text of the client, or of the person who banned its user.
      this.#engine.log.info({ connectionId: this.id, error: error.kind }, 'refused')
      this.#refuse(error, code, frame)
      return
    }
    const facts = { connectionId: this.id, command: frame?.command, err: error }
    this.#engine.log.error(facts, 'handling a frame failed')
    const fault = new ChatError('InternalServerError', 'Something went wrong; please try again')
    this.#refuse(fault, closeCodes.refused, frame)
  }

  #refuse(error: ChatError, code: number, frame?: ClientFrame): void {
    if (ending.has(this.#state)) return
    const body = shareBody(errorBody(error, this.#engine.clock.now()))
    this.#outbox.send('ERROR', errorHeaders(error, frame), body)
    this.close(code)
  }

  /** Cuts off a slow reader, so that unread frames do not fill the memory. */
  #cutOff(): void {
    this.#engine.log.warn({ connectionId: this.id }, 'a slow reader was cut off')
    this.#engine.cutOff()
    this.#inbox.drop()
    this.terminate()
  }

  /** Sends the waiting frames, and stops serving and sending. */
  #end(state: 'lingering' | 'closing'): void {
    this.#outbox.flush()
    if (this.#state === 'closed') return // the flush ended the connection of a slow reader
    this.#state = state
    this.#inbox.drop()
  }

  #closeTransport(code: number): void {
    if (this.#state === 'closed') return
    this.#state = 'closing'
    this.#clock.wait(this.#engine.limits.closeMs)
    this.#transport.close(code)
  }

  /** Once all frames read are served, closes a connection that is leaving, or notifies the handler of a closed one. */
  #settle(): void {
    if (!this.#inbox.isIdle) return
    if (this.#state !== 'closed') {
      if (this.#inbox.isStopped) this.close(closeCodes.goingAway)
      return
    }
    this.#notifyHandler()
    this.#engine.over(this)
  }

  /** Notifies the handler, once, that nothing more will be served. */
  #notifyHandler(): void {
    if (!this.#session || this.#isHandlerNotified) return
    this.#isHandlerNotified = true
    try {
      this.#engine.handler.closed(this, this.#how)
    } catch (err) {
      this.#engine.log.error({ connectionId: this.id, err }, 'handling the end of a connection failed')
    }
  }
}
