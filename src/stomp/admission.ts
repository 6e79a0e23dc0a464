import { protocolFault } from './error.ts'
import type { ClientFrame } from './frames.ts'
import type { StompLimits } from './limits.ts'
import { checkFrame, header } from './rules.ts'

/** Checks the frames of one connection as they arrive: CONNECT must come first, and subscription ids are unique. */
export class Admission {
  readonly #limits: StompLimits
  #hasConnect = false
  /** Ids in use, with the serial number of the SUBSCRIBE that took each. */
  readonly #ids = new Map<string, number>()

  constructor(limits: StompLimits) {
    this.#limits = limits
  }

  /** Checks a frame, and returns the frame to serve. @throws ChatError ProtocolError */
  admit(frame: ClientFrame): ClientFrame {
    const { command } = frame
    const isConnect = command === 'CONNECT' || command === 'STOMP'
    // Exactly one CONNECT is allowed, as the first frame [STOMP 1.2 Connecting].
    if (isConnect && this.#hasConnect) throw protocolFault('The connection had its CONNECT already')
    if (!isConnect && !this.#hasConnect) throw protocolFault(`${command} before CONNECT`)
    this.#hasConnect = true
    checkFrame(frame, this.#limits)
    if (command === 'SUBSCRIBE') this.#take(frame)
    if (command !== 'UNSUBSCRIBE') return frame
    // An UNSUBSCRIBE of an unknown id, such as that of an answered read, only gets its RECEIPT.
    return this.#ids.delete(header(frame, 'id')) ? frame : { ...frame, command: 'NOTHING' }
  }

  /** Frees the id of a SUBSCRIBE that has ended, unless a later one has already taken it. */
  free(subscribe: ClientFrame): void {
    const id = header(subscribe, 'id')
    if (this.#ids.get(id) === subscribe.serial) this.#ids.delete(id)
  }

  /** Ids are unique within a connection [STOMP 1.2 SUBSCRIBE id Header]. */
  #take(subscribe: ClientFrame): void {
    const id = header(subscribe, 'id')
    if (this.#ids.has(id)) throw protocolFault('The id of a SUBSCRIBE is in use')
    const { subscriptionsMax } = this.#limits
    if (this.#ids.size === subscriptionsMax) {
      throw protocolFault(`A connection has at most ${subscriptionsMax} subscriptions`)
    }
    this.#ids.set(id, subscribe.serial)
  }
}
