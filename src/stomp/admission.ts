import { protocolFault } from './error.ts'
import type { ClientFrame } from './frames.ts'
import type { StompLimits } from './limits.ts'
import { checkFrame, header } from './rules.ts'

/** Checks what arrives on one connection, before it waits for its turn: CONNECT comes first, and ids are unique. */
export class Admission {
  readonly #limits: StompLimits
  #hasConnect = false
  /** Of the subscriptions, with the serial number of the SUBSCRIBE that took it. */
  readonly #ids = new Map<string, number>()

  constructor(limits: StompLimits) {
    this.#limits = limits
  }

  /** Gives the frame that is to be done. @throws ChatError ProtocolError */
  admit(frame: ClientFrame): ClientFrame {
    const { command } = frame
    const isConnect = command === 'CONNECT' || command === 'STOMP'
    // Neither before CONNECT nor a second one [STOMP 1.2 Connecting].
    if (isConnect && this.#hasConnect) throw protocolFault('The connection had its CONNECT already')
    if (!isConnect && !this.#hasConnect) throw protocolFault(`${command} before CONNECT`)
    this.#hasConnect = true
    checkFrame(frame, this.#limits)
    if (command === 'SUBSCRIBE') this.#take(frame)
    if (command !== 'UNSUBSCRIBE') return frame
    // Of an unknown id, such as that of a read which was answered, nothing but the RECEIPT remains.
    return this.#ids.delete(header(frame, 'id')) ? frame : { ...frame, command: 'NOTHING' }
  }

  /** Lets others have the id of a SUBSCRIBE that is over, unless a later one has it already. */
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
