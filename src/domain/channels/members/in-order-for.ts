import { knownSorts } from '#data/lists.ts'
import { sortableUsers } from '#data/users/user-lists.ts'
import type { Caller } from '#domain/access/caller.ts'
import type { PageRequest } from '#resources/page.ts'

/** Backends learn of a wrong order, users do not. */
export function inOrderFor(caller: Caller, page: PageRequest): PageRequest {
  return caller.kind === 'user' ? knownSorts(page, sortableUsers) : page
}
