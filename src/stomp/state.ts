/**
 * CONNECT is waited for, then the handler decides on it, then frames are served. After DISCONNECT the client closes the
 * socket: until then the connection lingers. It closes while the closing handshake lasts.
 */
export type State = 'waiting' | 'connecting' | 'open' | 'lingering' | 'closing' | 'closed'

/** States in which nothing else is sent. */
export const ending = new Set<State>(['lingering', 'closing', 'closed'])
