// How many events are taken at a time, and how long they are kept.

export const dispatchBatchMax = 500

/** For how many minutes a disconnected client can still receive what it missed. */
export const keptMinutes = 10

/**
 * Older events are deleted. Longer than {@link keptMinutes}, because stored positions of connected sessions may lag.
 */
export const loggedMinutes = 2 * keptMinutes
