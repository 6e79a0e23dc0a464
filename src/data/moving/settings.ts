import type { Querier } from '#data/database.ts'

/** Replaces the custom properties of an application. */
export async function setApplicationProperties(
  db: Querier,
  applicationId: number,
  properties: Record<string, unknown>,
): Promise<void> {
  await db.run({ text: 'update application set properties = $2::jsonb where id = $1' }, [
    applicationId,
    JSON.stringify(properties),
  ])
}
