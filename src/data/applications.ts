import type { Db, Tx } from '#data/database.ts'
import type { Application, ApplicationSettings } from '#resources/application.ts'

const select = { id: true, key: true, properties: true, createdTime: true } as const

export async function findApplication(db: Db, id: number): Promise<Application | null> {
  const row = await db.prisma.application.findUnique({ where: { id: BigInt(id) }, select })
  return (
    row && {
      ...row,
      id: Number(row.id),
      properties: row.properties as Application['properties'],
      createdTime: row.createdTime.toISOString(),
    }
  )
}

type Settings = Pick<ApplicationSettings, 'guestUsers' | 'userCreatedChannels'>
const settings = { guestUsers: true, userCreatedChannels: true } as const

export async function findSettings(db: Db, id: number): Promise<Settings | null> {
  return db.prisma.application.findUnique({ where: { id: BigInt(id) }, select: settings })
}

export async function updateSettings(tx: Tx, id: number, changes: Partial<Settings>): Promise<Settings> {
  return tx.prisma.application.update({ where: { id: BigInt(id) }, data: changes, select: settings })
}

export interface Credential {
  clientId: string
  secretHash: string
  applicationId: number
  applicationKey: string
}

export async function findCredential(db: Db, clientId: string): Promise<Credential | undefined> {
  const row = await db.prisma.credential.findUnique({
    where: { clientId },
    select: { clientId: true, secretHash: true, applicationId: true, application: { select: { key: true } } },
  })
  return row ? toCredential(row) : undefined
}

/** The oldest credential of all: that of the first application. */
export async function findFirstCredential(db: Db): Promise<Credential | undefined> {
  const row = await db.prisma.credential.findFirst({
    orderBy: [{ applicationId: 'asc' }, { createdTime: 'asc' }],
    select: { clientId: true, secretHash: true, applicationId: true, application: { select: { key: true } } },
  })
  return row ? toCredential(row) : undefined
}

function toCredential(row: {
  clientId: string
  secretHash: string
  applicationId: bigint
  application: { key: string }
}): Credential {
  return {
    clientId: row.clientId,
    secretHash: row.secretHash,
    applicationId: Number(row.applicationId),
    applicationKey: row.application.key,
  }
}

/** @throws a unique violation where the key or the client id is taken */
export async function insertApplication(
  tx: Tx,
  application: { name: string; key: string; clientId: string; secretHash: string },
): Promise<number> {
  const { id } = await tx.prisma.application.create({
    data: {
      name: application.name,
      key: application.key,
      credentials: { create: { clientId: application.clientId, secretHash: application.secretHash } },
    },
    select: { id: true },
  })
  return Number(id)
}

/** Replaces a secret; every token that the old one opened is revoked. */
export async function replaceSecret(tx: Tx, clientId: string, secretHash: string): Promise<void> {
  await tx.prisma.credential.update({ where: { clientId }, data: { secretHash }, select: { clientId: true } })
  await tx.prisma.accessToken.deleteMany({ where: { clientId } })
}

/** Holds back other processes that want to create the first application, until the transaction ends. */
export async function lockFirstApplication(tx: Tx): Promise<void> {
  await tx.prisma.$executeRaw`select pg_advisory_xact_lock(hashtext('chatterie: first application'))`
}
