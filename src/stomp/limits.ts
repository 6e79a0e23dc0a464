// What the engine grants a client, by name.

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

export const defaultLimits = {
  /** From the opening of the socket to CONNECT. */
  connectMs: 15_000,
  /** What a client may send before it is CONNECTED. */
  connectBytesMax: 128 * kibibyte,
  /** What CONNECTED offers and asks for, in both directions [STOMP 1.2 Heart-beating]. */
  heartBeatMs: 10_000,
  /** A client is gone after so many of its own intervals without a byte. */
  silentBeatsMax: 2.5,
  /** How often clocks are looked at; one timer serves all connections. */
  tickMs: 1_000,
  /** How long a client that was answered for the last time may take to close the socket itself. */
  lingerMs: 2_000,
  /** How long the closing handshake may take. */
  closeMs: 5_000,
  headersMax: 64,
  /** One line of a frame's head: the command, or a header. */
  lineBytesMax: 16 * kibibyte,
  headBytesMax: 64 * kibibyte,
  bodyBytesMax: 2 * mebibyte,
  /** Frames of one connection that wait for their turn; beyond, its socket is not read. */
  waitingFramesMax: 256,
  waitingBytesMax: 4 * mebibyte,
  /** SUBSCRIBEs of one connection that run beside everything else. */
  concurrentReadsMax: 16,
  subscriptionsMax: 4_096,
  /** Of what is remembered to refer to later: the id of a subscription, a receipt. */
  idCharactersMax: 512,
  /** What a slow reader may leave unread, besides one more frame; beyond, it is cut off. */
  bufferedBytesMax: 2 * mebibyte,
}

export type StompLimits = typeof defaultLimits
