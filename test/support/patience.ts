/**
 * How long tests wait for what must happen, in milliseconds. It is not a bound that the server has to keep: the machine
 * may be slow, and several tests run at a time.
 */
export const patienceMs = 100_000
