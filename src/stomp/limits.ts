// The limits of the engine for each client. Times are in milliseconds.

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

export const defaultLimits = {
  /** Time from the opening of the socket to CONNECT. */
  connectMs: 15_000,
  /** Bytes that a client may send before it is CONNECTED. */
  connectBytesMax: 128 * kibibyte,
  /** Heart-beat interval in CONNECTED, for both directions [STOMP 1.2 Heart-beating]. */
  heartBeatMs: 10_000,
  /** A client is considered gone after this many of its own heart-beat intervals without a byte. */
  silentBeatsMax: 2.5,
  /** How often the clocks of connections are checked; one timer serves all connections. */
  tickMs: 1_000,
  /** How long a client may take to close the socket itself after its last answer. */
  lingerMs: 2_000,
  /** How long the closing handshake may take. */
  closeMs: 5_000,
  headersMax: 64,
  /** One line of a frame's head: the command, or a header. */
  lineBytesMax: 16 * kibibyte,
  headBytesMax: 64 * kibibyte,
  bodyBytesMax: 2 * mebibyte,
  /** Frames of one connection that may wait to be served; beyond this, its socket is not read. */
  waitingFramesMax: 256,
  waitingBytesMax: 4 * mebibyte,
  /** SUBSCRIBEs of one connection that may run concurrently with its other frames. */
  concurrentReadsMax: 16,
  subscriptionsMax: 4_096,
  /** Length of texts that are stored for later reference: subscription ids and receipts. */
  idCharactersMax: 512,
  /** Bytes that a client may leave unread, plus one frame; beyond this, the slow reader is cut off. */
  bufferedBytesMax: 2 * mebibyte,
}

export type StompLimits = typeof defaultLimits
