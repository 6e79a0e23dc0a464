import { knownSorts } from '#data/lists.ts'
import { sortableUsers } from '#data/users/user-lists.ts'
import type { Caller } from '#domain/access/caller.ts'
import type { PageRequest } from '#resources/page.ts'

/** Drops unknown sort fields for users; backends get an error for them. */
export function inOrderFor(caller: Caller, page: PageRequest): PageRequest {
  return caller.kind === 'user' ? knownSorts(page, sortableUsers) : page
}
