import type { OperatorCaller } from '#domain/access/operator.ts'
import type { AdminKey, Operator } from '#resources/admin/operator.ts'

/** Returns the caller for an operator who is signed in. */
export function callerOfOperator({ id, username, role, applications }: Operator, address?: string) {
  return callerOf({ as: 'operator', id, name: username, role }, applications, address)
}

export function callerOfKey({ id, name, role, applications }: AdminKey, address?: string) {
  return callerOf({ as: 'key', id, name, role }, applications, address)
}

function callerOf(
  who: Pick<OperatorCaller, 'as' | 'id' | 'name' | 'role'>,
  applicationIds: number[] = [],
  address?: string,
): OperatorCaller {
  return { kind: 'operator', ...who, applicationIds, ...(address !== undefined && { address }) }
}
