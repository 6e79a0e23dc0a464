// Shared by operators and keys: a role, and optionally a restriction to some applications.
import type { Role } from '../api/generated.ts'
import type { Field } from '../ui/ask.tsx'
import { Badge } from '../ui/small.tsx'

const roles: Role[] = ['viewer', 'moderator', 'developer', 'owner']

/** @param own the applications to which the signed-in operator is limited, and so is what they create */
export const roleFields = (
  given: { role?: Role; applications?: number[] },
  own: number[] | undefined,
): Field[] => [
  { name: 'role', label: 'Role', options: roles, value: given.role ?? 'viewer' },
  {
    name: 'applications',
    label: 'Limited to applications',
    value: (given.applications ?? own)?.join(', ') ?? '',
    isOptional: own === undefined,
    hint: own
      ? 'Ids, separated by commas, of applications that you may access.'
      : 'Ids, separated by commas. If empty, all applications.',
  },
]

/** @throws Error if an id is invalid */
export function readRole(values: Record<string, string>) {
  const ids = (values.applications ?? '').split(/[\s,]+/).filter(Boolean)
  const wrong = ids.find((id) => !/^\d+$/.test(id))
  if (wrong) throw new Error(`${wrong} is no id of an application.`)
  return { role: values.role as Role, ids: ids.map(Number) }
}

export function RoleBadges({ role, applications }: { role: Role; applications?: number[] }) {
  return (
    <>
      <Badge kind={role === 'owner' ? 'warn' : ''}>{role}</Badge>
      {applications && (
        <Badge>
          {applications.length === 1
            ? `application ${applications[0]}`
            : `${applications.length} applications`}
        </Badge>
      )}
    </>
  )
}
