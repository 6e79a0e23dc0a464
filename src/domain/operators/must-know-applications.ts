import { existingApplications } from '#data/applications/applications.ts'
import type { Querier } from '#data/database.ts'
import { mustNotExceedOwnLimits, type OperatorCaller } from '#domain/access/operator.ts'
import { refused } from '#errors.ts'

/**
 * Requires that something may be limited to these applications.
 * @throws ChatError access_denied if the caller may not do so, 400 if an application does not exist
 */
export async function mustKnowApplications(
  db: Querier,
  caller: OperatorCaller,
  resource: string,
  limits: number[] | undefined,
): Promise<void> {
  mustNotExceedOwnLimits(caller, limits)
  const existing = await existingApplications(db, limits ?? [])
  const unknown = limits?.find((id) => !existing.has(id))
  if (unknown === undefined) return
  throw refused(resource, 'applications', 'invalid', `applications: application ${unknown} does not exist`)
}
