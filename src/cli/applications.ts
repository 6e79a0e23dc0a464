import { createInterface } from 'node:readline/promises'
import { mustBeApplicationName } from '#cli/arguments.ts'
import { localOperator, withContext } from '#cli/context.ts'
import { type Output, print, table, UsageError } from '#cli/output.ts'
import type { Config } from '#config.ts'
import { deleteApplication } from '#domain/applications/delete-application.ts'
import { listApplications } from '#domain/applications/list-applications.ts'
import { referredApplication } from '#domain/applications/referred-application.ts'
import { registerApplication } from '#domain/applications/register-application.ts'
import { rotateSecret } from '#domain/applications/rotate-secret.ts'
import { overlapMaxSeconds } from '#resources/admin/application.ts'
import { replaceKeptSecret } from '#secrets/kept-credentials.ts'

/** @param names the name as an argument and as an option */
export async function create(names: (string | undefined)[], output: Output): Promise<void> {
  const [name = 'My application', other = name] = names.filter((each) => each !== undefined)
  if (name !== other)
    throw new UsageError('An application has one name: give it as the argument or as --name')
  mustBeApplicationName(name)
  const created = await withContext(async (ctx) => {
    const { id, clientId, clientSecret, key } = await registerApplication(ctx, localOperator(), name)
    return { id, name, apiKey: key, clientId, clientSecret }
  })
  print(
    output,
    created,
    [
      `Application ${created.id} was created. Its secret is not shown again.`,
      '',
      `Client id      ${created.clientId}`,
      `Client secret  ${created.clientSecret}`,
      `API key        ${created.apiKey}`,
    ].join('\n'),
  )
}

export async function list(output: Output): Promise<void> {
  const applications = (await withContext(listApplications)).map(({ key, ...rest }) => ({
    ...rest,
    apiKey: key,
  }))
  const rows = applications.map(({ id, name, clientId, apiKey, createdTime }) => [
    String(id),
    name,
    clientId ?? '',
    apiKey,
    createdTime,
  ])
  print(output, applications, table(['id', 'name', 'client id', 'API key', 'created'], rows))
}

export interface RotateOptions {
  /** Such as `24h`. */
  overlap: string
  fromEnvironment?: boolean
}

export async function rotate(application: string, options: RotateOptions, output: Output): Promise<void> {
  const overlapMs = durationOf(options.overlap)
  const { rotated, isKept } = await withContext(async (ctx) => {
    const clientSecret = options.fromEnvironment ? givenSecret(ctx.config) : undefined
    const rotated = await rotateSecret(ctx, localOperator(), application, {
      overlapMs,
      ...(clientSecret && { clientSecret }),
    })
    return { rotated, isKept: await replaceKeptSecret(ctx.config.home, rotated) }
  })
  const { clientSecret, ...known } = rotated
  const shown = options.fromEnvironment ? known : { ...known, clientSecret }
  print(
    output,
    shown,
    [
      rotated.oldSecretUntil
        ? `The secret of application ${rotated.id} was replaced. The old one and its tokens work until ${rotated.oldSecretUntil}.`
        : `The secret of application ${rotated.id} was replaced, and its tokens are void.`,
      '',
      `Client id      ${rotated.clientId}`,
      `Client secret  ${options.fromEnvironment ? '(from CHATTERIE_CLIENT_SECRET)' : clientSecret}`,
      ...(isKept ? ['', 'It is kept in the home folder, as the old one was.'] : []),
    ].join('\n'),
  )
}

function givenSecret({ clientSecret }: Config): string {
  if (clientSecret) return clientSecret
  throw new UsageError('--from-environment wants CHATTERIE_CLIENT_SECRET')
}

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Converts `90s`, `30m`, `24h` or `7d` to milliseconds. */
function durationOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const ms = Number(count) * (unitMs[unit] ?? Number.NaN)
  if (ms >= 0 && ms <= overlapMaxSeconds * 1_000) return ms
  throw new UsageError(`--overlap ${text} is wrong: give a time such as 90s, 30m, 24h or 7d, at most 30d`)
}

export async function remove(application: string, isSure: boolean, output: Output): Promise<void> {
  const removed = await withContext(async (ctx) => {
    const { id, name } = await referredApplication(ctx, application)
    if (!isSure) await mustConfirm(id, name)
    return deleteApplication(ctx, localOperator(), String(id))
  })
  const { id, name } = removed
  print(output, { id, name, deleted: true }, `Application ${id} (${name}) was deleted.`)
}

async function mustConfirm(id: number, name: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageError('Deleting needs a confirmation: pass --yes if there is no terminal')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(
    `Delete application ${id} (${name}) with all its users and messages? Type ${id}: `,
  )
  terminal.close()
  if (answer.trim() !== String(id)) throw new Error('Nothing was deleted')
}
