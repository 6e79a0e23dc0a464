import type { Querier } from '#data/database.ts'

/** What an application's customers keep with it. */
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
