// How many events are taken at a time, and how long they are kept.

export const dispatchBatchMax = 500

/** How long a client may be away and still be sent what it missed. */
export const keptMinutes = 10

/** What is older is forgotten: positions of connected sessions are kept now and then only, and may lie behind. */
export const loggedMinutes = 2 * keptMinutes
