// Drafts of function scripts.
import { columnsOf, nullable, select, text, timestamptz } from '#data/columns.ts'
import { finder, type Querier, reading } from '#data/database.ts'

/** Returns the draft, a script that is being edited and does not run yet; undefined if there is no such function. */
export const findDraft = finder(
  reading(
    'find-function-draft',
    select(columnsOf({ draft: nullable(text), draftTime: nullable(timestamptz) }, 'f')),
    (columns) => `select ${columns} from "function" f where f.id = $2 and f.application_id = $1`,
  ),
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
