// The rights of operators and admin keys, in one table.
import { ChatError, notFound } from '#errors.ts'
import { type Role, roles } from '#resources/admin/role.ts'

/** A caller who runs the installation: an operator who is signed in, an admin key, or the command line. */
export interface OperatorCaller {
  kind: 'operator'
  as: 'operator' | 'key' | 'command_line' | 'system'
  /** The id of the operator or the key. */
  id?: number
  name: string
  role: Role
  /** The only applications that the caller may see; empty means all. */
  applicationIds: number[]
  /** The address that the request comes from. */
  address?: string
}

/** Returns the caller for the command line, which may do everything, like anybody who controls the machine. */
export const atCommandLine = (name: string): OperatorCaller => ({
  kind: 'operator',
  as: 'command_line',
  name,
  role: 'owner',
  applicationIds: [],
})

/** The caller for what the server does by itself. */
export const theSystem: OperatorCaller = {
  kind: 'operator',
  as: 'system',
  name: 'Chatterie',
  role: 'owner',
  applicationIds: [],
}

/** The least role that each right requires (operating contract 1). */
const leastRole = {
  'own session': 'viewer',
  'read operators': 'owner',
  'change operators': 'owner',
  'read keys': 'owner',
  'change keys': 'owner',
  'read audit': 'owner',
  'read applications': 'viewer',
  'change applications': 'owner',
  'read settings': 'owner',
  'change settings': 'owner',
  'read users': 'viewer',
  'ban users': 'moderator',
  'delete users': 'developer',
  'erase users': 'owner',
  'read channels': 'viewer',
  'delete channels': 'developer',
  'read messages': 'viewer',
  'delete messages': 'moderator',
  'read reports': 'viewer',
  'resolve reports': 'moderator',
  'read sessions': 'viewer',
  'read jobs': 'viewer',
  import: 'developer',
  export: 'developer',
  'read functions': 'developer',
  'change functions': 'developer',
  'read webhooks': 'developer',
  'change webhooks': 'developer',
  'read statistics': 'viewer',
  'watch live': 'viewer',
} as const satisfies Record<string, Role>
export type Right = keyof typeof leastRole

export const leastRoleOf = (right: Right): Role => leastRole[right]

export function hasRight({ role }: Pick<OperatorCaller, 'role'>, right: Right): boolean {
  return roles.indexOf(role) >= roles.indexOf(leastRole[right])
}

/** @throws ChatError access_denied if the operator's role does not have the right */
export function mustHaveRight(operator: OperatorCaller, right: Right): void {
  if (hasRight(operator, right)) return
  throw new ChatError(
    'access_denied',
    `This requires the role ${leastRole[right]}; yours is ${operator.role}`,
  )
}

/** Returns whether the operator may see an application. */
function seesApplication({ applicationIds }: OperatorCaller, id: number): boolean {
  return applicationIds.length === 0 || applicationIds.includes(id)
}

/** @throws ChatError 404 for an application that the operator may not see */
export function mustSeeApplication(operator: OperatorCaller, id: number): void {
  if (!seesApplication(operator, id)) throw notFound('application', id)
}

/** Returns whether an operator may see all of these applications; no list, or an empty one, means all there are. */
export function isWithin({ applicationIds }: OperatorCaller, limits: number[] | undefined): boolean {
  if (applicationIds.length === 0) return true
  return limits !== undefined && limits.length > 0 && limits.every((id) => applicationIds.includes(id))
}

/**
 * Requires that operators who are limited to applications only create what has no wider limits than their own.
 * @throws ChatError access_denied
 */
export function mustNotExceedOwnLimits(operator: OperatorCaller, limits: number[] | undefined): void {
  if (isWithin(operator, limits)) return
  throw new ChatError('access_denied', 'You are limited to applications, so what you create must be, too')
}

/** Requires an operator with access to all applications. @throws ChatError access_denied if they are limited to some */
export function mustSeeAllApplications({ applicationIds }: OperatorCaller): void {
  if (applicationIds.length === 0) return
  throw new ChatError('access_denied', 'You are limited to applications, and may make no other')
}
