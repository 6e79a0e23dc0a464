import { createInterface } from 'node:readline/promises'
import { withContext } from '#cli/context.ts'
import { replaceKeptSecret } from '#cli/credentials.ts'
import { type Output, print, table, UsageError } from '#cli/output.ts'
import { createApplication } from '#domain/applications/create-application.ts'
import { deleteApplication } from '#domain/applications/delete-application.ts'
import { listApplications, referredApplication } from '#domain/applications/list-applications.ts'
import { rotateSecret } from '#domain/applications/rotate-secret.ts'

export async function create(name: string, output: Output): Promise<void> {
  if (name.trim() === '') throw new UsageError('An application needs a name that is not blank')
  const created = await withContext(async (ctx) => {
    const credentials = await ctx.db.transact((tx) => createApplication(tx, name))
    const { id } = await referredApplication(ctx, credentials.clientId)
    return { id, name, ...credentials }
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

export async function rotate(application: string, output: Output): Promise<void> {
  const { rotated, isKept } = await withContext(async (ctx) => {
    const rotated = await rotateSecret(ctx, application)
    return { rotated, isKept: await replaceKeptSecret(ctx.config.home, rotated) }
  })
  print(
    output,
    rotated,
    [
      `The secret of application ${rotated.id} was replaced, and its tokens are void.`,
      '',
      `Client id      ${rotated.clientId}`,
      `Client secret  ${rotated.clientSecret}`,
      ...(isKept ? ['', 'It is kept in the home folder, as the old one was.'] : []),
    ].join('\n'),
  )
}

export async function remove(application: string, isSure: boolean, output: Output): Promise<void> {
  const removed = await withContext(async (ctx) => {
    const { id, name } = await referredApplication(ctx, application)
    if (!isSure) await mustConfirm(id, name)
    return deleteApplication(ctx, String(id))
  })
  const { id, name } = removed
  print(output, { id, name, deleted: true }, `Application ${id} (${name}) was deleted.`)
}

async function mustConfirm(id: number, name: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageError('Deleting asks first: say --yes where there is nobody to ask')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(
    `Delete application ${id} (${name}) with all its users and messages? Type ${id}: `,
  )
  terminal.close()
  if (answer.trim() !== String(id)) throw new Error('Nothing was deleted')
}
