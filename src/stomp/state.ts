/**
 * `waiting` for CONNECT, `connecting` while the handler decides on it, `open` while frames are served, `lingering` from
 * DISCONNECT until the client closes the socket, `closing` during the closing handshake.
 */
export type State = 'waiting' | 'connecting' | 'open' | 'lingering' | 'closing' | 'closed'

/** States in which no more frames are sent. */
export const ending = new Set<State>(['lingering', 'closing', 'closed'])
