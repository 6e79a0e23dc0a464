// Drafts of function scripts.
import { columnsOf, nullable, select, text, timestamptz } from '#data/columns.ts'
import { type Db, type Querier, reading } from '#data/database.ts'

/** A script that is being edited and does not run yet. */
export interface DraftRow {
  draft: string | null
  draftTime: string | null
}

/** Returns the draft, or undefined if there is no such function. */
export function findDraft(db: Db, applicationId: number, id: number): Promise<DraftRow | undefined> {
  return db.one(findDraftStatement, [applicationId, id])
}

const findDraftStatement = reading(
  'find-function-draft',
  select(columnsOf({ draft: nullable(text), draftTime: nullable(timestamptz) }, 'f')),
  (columns) => `select ${columns} from "function" f where f.id = $2 and f.application_id = $1`,
)

/** Saves a draft. Returns whether there is such a function. */
export async function updateDraft(
  db: Querier,
  applicationId: number,
  id: number,
  draft: string,
): Promise<boolean> {
  return (await db.run(updateDraftStatement, [applicationId, id, draft])) > 0
}

const updateDraftStatement = {
  text: 'update "function" set draft = $3, draft_time = chatterie_clock() where id = $2 and application_id = $1',
}
