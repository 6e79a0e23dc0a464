// The implementation of the commands of admin-commands.ts.
import { type AdminOptions, applicationFor, type Call, type Inside, listAll, withAdmin } from '#cli/admin.ts'
import { timeOf } from '#cli/arguments.ts'
import { type Output, print, table, UsageError } from '#cli/output.ts'
import { readConfig } from '#config.ts'
import { generatePassword } from '#domain/operators/passwords.ts'
import type { AuditEntry } from '#resources/admin/audit.ts'
import type { AdminUser, Report } from '#resources/admin/moderation.ts'
import type { AdminKey, Operator } from '#resources/admin/operator.ts'

interface Limited {
  role?: string
  applications?: string
}

// ------------------------------------------------------------------------------------------ operators

export async function listOperators(options: AdminOptions, output: Output): Promise<void> {
  const operators = await withAdmin(options, (call) => listAll<Operator>(call, 'listOperators', {}))
  const rows = operators.map(({ id, username, role, applications, signIn, lastSignInTime }) => [
    String(id),
    username,
    role,
    applications?.join(',') ?? 'all',
    signIn,
    lastSignInTime ?? '',
  ])
  print(
    output,
    operators,
    table(['id', 'username', 'role', 'applications', 'signs in by', 'last signed in'], rows),
  )
}

type Password = { fromEnvironment?: boolean }

export async function createOperator(
  username: string,
  { role, applications, fromEnvironment, ...options }: AdminOptions & Limited & Password,
  output: Output,
): Promise<void> {
  const password = passwordOf(fromEnvironment)
  const body = { username, password, role, ...limitsOf(applications) }
  const made = await withAdmin(options, (call) => call('createOperator', { body }))
  printPassword(made, password, fromEnvironment, `Operator ${username} was made, as ${made.role}.`, output)
}

export async function updateOperator(
  username: string,
  { role, applications, ...options }: AdminOptions & Limited,
  output: Output,
): Promise<void> {
  if (role === undefined && applications === undefined) {
    throw new UsageError('Nothing changes: give --role or --applications')
  }
  const limits = applications === 'all' ? { applications: null } : limitsOf(applications)
  const changed = await withAdmin(options, async (call) => {
    const { id } = await operatorNamed(call, username)
    return call('updateOperator', { params: { id }, body: { ...(role && { role }), ...limits } })
  })
  const where = changed.applications ? `of ${changed.applications.join(', ')}` : 'of all applications'
  print(output, changed, `Operator ${username} is ${changed.role} ${where}.`)
}

export async function setPassword(
  username: string,
  { fromEnvironment, ...options }: AdminOptions & Password,
  output: Output,
): Promise<void> {
  const password = passwordOf(fromEnvironment)
  const changed = await withAdmin(options, async (call) => {
    const { id } = await operatorNamed(call, username)
    return call('updateOperator', { params: { id }, body: { password } })
  })
  printPassword(changed, password, fromEnvironment, `Operator ${username} has another password.`, output)
}

export async function deleteOperator(username: string, options: AdminOptions, output: Output): Promise<void> {
  const { id } = await withAdmin(options, async (call) => {
    const operator = await operatorNamed(call, username)
    await call('deleteOperator', { params: { id: operator.id } })
    return operator
  })
  print(output, { id, username, deleted: true }, `Operator ${username} was deleted.`)
}

async function operatorNamed(call: Call, username: string): Promise<Operator> {
  const operators = await listAll<Operator>(call, 'listOperators', {})
  const found = operators.find((each) => each.username === username)
  if (found) return found
  throw new Error(`There is no operator ${username}`)
}

function passwordOf(fromEnvironment: boolean | undefined): string {
  if (!fromEnvironment) return generatePassword()
  const { adminPassword } = readConfig(process.env)
  if (adminPassword) return adminPassword
  throw new UsageError('--from-environment wants CHATTERIE_ADMIN_PASSWORD')
}

function printPassword(
  operator: Operator,
  password: string,
  fromEnvironment: boolean | undefined,
  done: string,
  output: Output,
): void {
  if (fromEnvironment) print(output, operator, done)
  else {
    const shown = `${done} The password is not shown again.\n\nPassword  ${password}`
    print(output, { ...operator, password }, shown)
  }
}

/** Parses a list of ids such as `1,2`. */
function limitsOf(applications: string | undefined): { applications?: number[] } {
  if (applications === undefined) return {}
  if (/^\d+(,\d+)*$/.test(applications)) return { applications: applications.split(',').map(Number) }
  throw new UsageError(`--applications ${applications} is wrong: give ids such as 1,2`)
}

// ----------------------------------------------------------------------------------------------- keys

export async function listKeys(options: AdminOptions, output: Output): Promise<void> {
  const keys = await withAdmin(options, (call) => listAll<AdminKey>(call, 'listKeys', {}))
  const rows = keys.map(({ id, name, hint, role, applications, expiresTime, createdBy }) => [
    String(id),
    name,
    hint,
    role,
    applications?.join(',') ?? 'all',
    expiresTime ?? 'never',
    createdBy,
  ])
  print(output, keys, table(['id', 'name', 'key', 'role', 'applications', 'expires', 'made by'], rows))
}

export async function createKey(
  name: string,
  { role, applications, expires, ...options }: AdminOptions & Limited & { expires?: string },
  output: Output,
): Promise<void> {
  const body = { name, role, ...limitsOf(applications), expiresTime: timeOf('--expires', expires) }
  const made = await withAdmin(options, (call) => call('createKey', { body }))
  print(output, made, `Key ${made.id} was made, as ${made.role}. It is not shown again.\n\n${made.key}`)
}

export async function deleteKey(id: string, options: AdminOptions, output: Output): Promise<void> {
  await withAdmin(options, (call) => call('deleteKey', { params: { id } }))
  print(output, { id: Number(id), deleted: true }, `Key ${id} opens nothing any more.`)
}

// ----------------------------------------------------------------------------------------- moderation

export async function listReports(
  { application, state, ...options }: Inside & { state: string },
  output: Output,
): Promise<void> {
  const reports = await withAdmin(options, async (call) => {
    const params = { id: await applicationFor(call, application) }
    return listAll<Report>(call, 'listReports', { params, query: { state } })
  })
  const rows = reports.map(({ id, createdTime, reporter, reason, message, messageId, resolution }) => [
    String(id),
    createdTime,
    reporter?.name ?? '',
    reason,
    message && 'body' in message ? oneLine(message.body) : `message ${messageId}`,
    resolution?.action ?? '',
  ])
  print(output, reports, table(['id', 'time', 'by', 'reason', 'message', 'resolved'], rows))
}

const shownMax = 60

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > shownMax ? `${line.slice(0, shownMax - 1)}…` : line
}

export async function resolveReport(
  reportId: string,
  action: string,
  { application, ...options }: Inside,
  output: Output,
): Promise<void> {
  if (action !== 'keep' && action !== 'delete') throw new UsageError(`${action} is neither keep nor delete`)
  const report = await withAdmin(options, async (call) => {
    const id = await applicationFor(call, application)
    return call('resolveReport', { params: { id, reportId }, body: { action } })
  })
  const done = action === 'keep' ? 'stays' : 'was deleted'
  print(output, report, `Message ${report.messageId} ${done}.`)
}

export async function ban(
  user: string,
  { application, until, reason, ...options }: Inside & { until?: string; reason?: string },
  output: Output,
): Promise<void> {
  const body = { until: timeOf('--until', until), reason }
  const banned = await withAdmin(options, async (call) => {
    const params = await userNamed(call, application, user)
    return call('banUser', { params, body })
  })
  const end = banned.ban?.until ? `until ${banned.ban.until}` : 'for ever'
  print(output, banned, `User ${banned.id} (${banned.name}) is banned ${end}.`)
}

export async function unban(
  user: string,
  { application, ...options }: Inside,
  output: Output,
): Promise<void> {
  const { userId } = await withAdmin(options, async (call) => {
    const params = await userNamed(call, application, user)
    await call('unbanUser', { params })
    return params
  })
  print(output, { id: userId, banned: false }, `User ${userId} may come in again.`)
}

/** Finds a user with exactly this name or, if there is none, with this id. */
export async function userNamed(call: Call, application: string | undefined, user: string) {
  const id = await applicationFor(call, application)
  const found = await listAll<AdminUser>(call, 'listUsers', { params: { id }, query: { query: user } })
  const named = found.find(({ name }) => name === user)?.id
  const userId = named ?? (/^\d{1,15}$/.test(user) ? Number(user) : undefined)
  if (userId === undefined) throw new Error(`There is no user ${user} in this application`)
  return { id, userId }
}

// ---------------------------------------------------------------------------------------------- audit

type AuditOptions = AdminOptions &
  Record<'application' | 'actor' | 'action' | 'from' | 'to', string | undefined>

export async function audit(
  { server, limit, ...query }: AuditOptions & { limit: string },
  output: Output,
): Promise<void> {
  const max = Number(limit)
  if (!Number.isInteger(max) || max < 1) throw new UsageError('--limit must be a number from 1 on')
  const { application, actor, action } = query
  const [from, to] = [timeOf('--from', query.from), timeOf('--to', query.to)]
  const ask = { query: { application, actor, action, from, to } }
  const options = server === undefined ? {} : { server }
  const entries = await withAdmin(options, (call) => listAll<AuditEntry>(call, 'listAudit', ask, max))
  const rows = entries.map(({ createdTime, actor, action, application, target, address }) => [
    createdTime,
    `${actor.name} (${actor.type})`,
    action,
    target ? `${target.type} ${target.id}` : '',
    application === undefined ? '' : String(application),
    address ?? '',
  ])
  print(output, entries, table(['time', 'who', 'what', 'to what', 'application', 'from'], rows))
}
