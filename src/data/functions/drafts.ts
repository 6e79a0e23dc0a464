// Drafts of function scripts.
import { columnsOf, nullable, select, text, timestamptz } from '#data/columns.ts'
import { finder, reading, type Tx } from '#data/database.ts'

/** Returns the draft, a script that is being edited and does not run yet; undefined if there is no such function. */
export const findDraft = finder(
  reading(
    'find-function-draft',
    select(columnsOf({ draft: nullable(text), draftTime: nullable(timestamptz) }, 'f')),
    (columns) => `select ${columns} from "function" f where f.id = $2 and f.application_id = $1`,
  ),
)

/** Makes others who save the draft wait for the end of the transaction. Returns whether there is such a function. */
export async function lockDraft(tx: Tx, applicationId: number, id: number): Promise<boolean> {
  return (await tx.run(lockStatement, [applicationId, id])) > 0
}

const lockStatement = {
  text: 'select from "function" where id = $2 and application_id = $1 for no key update',
}

/** Saves a draft. */
export async function updateDraft(tx: Tx, applicationId: number, id: number, draft: string): Promise<void> {
  await tx.run(updateDraftStatement, [applicationId, id, draft])
}

const updateDraftStatement = {
  text: 'update "function" set draft = $3, draft_time = chatterie_clock() where id = $2 and application_id = $1',
}
