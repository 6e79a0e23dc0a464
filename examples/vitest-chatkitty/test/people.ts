import type { Seed } from 'chatterie/testing'

/** Who is there in each test. */
export const people: Seed = {
  users: [
    { name: 'carl', displayName: 'Carl Customer' },
    { name: 'ann', displayName: 'Ann Agent' },
  ],
}
