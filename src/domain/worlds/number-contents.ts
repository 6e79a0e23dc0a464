import type { Tx } from '#data/database.ts'
import { drawNumbers, takeNumbers } from '#data/worlds/numbers.ts'
import { type Given, numbersIn, type RowsByTable, renumber } from '#data/worlds/renumber.ts'
import type { Contents } from '#domain/worlds/snapshot-file.ts'

/**
 * Returns the contents for another world: with new ids, and new keys of files.
 * @param isKeeping keeps ids and keys if none of them is taken by others
 */
export async function numberContents(
  tx: Tx,
  applicationId: number,
  contents: Contents,
  { isKeeping = false } = {},
): Promise<Contents> {
  const rows: RowsByTable = new Map(
    [...contents.rows].map(([table, rows]) => [table, rows.map((row) => JSON.parse(row))]),
  )
  const numbers = numbersIn(rows)
  const isKept = isKeeping && (await takeNumbers(tx, rows, numbers))
  const given: Given = isKept
    ? new Map([...numbers].map(([space, old]) => [space, { old, given: old }]))
    : await drawNumbers(tx, numbers)
  const { rows: renumbered, keys } = renumber(rows, applicationId, given, { areKeysKept: isKept })
  return {
    ...contents,
    rows: new Map([...renumbered].map(([table, rows]) => [table, rows.map((row) => JSON.stringify(row))])),
    bytes: new Map([...contents.bytes].map(([key, base64]) => [keys.get(key) ?? key, base64])),
  }
}
