// Writes CSV as docs/analytics.md describes it: RFC 4180, with nothing that a spreadsheet would execute.
import { stringify } from 'csv-stringify/sync'

const format = {
  record_delimiter: 'windows', // CRLF [RFC 4180 section 2.1]
  quote_record_delimiter: true, // also quotes cells with a lone CR or LF [RFC 4180 section 2.6]
} as const

/** Returns the header line with the names of the columns. */
export function csvHeader(columns: Record<string, string>): string {
  return stringify([Object.values(columns)], format)
}

/**
 * Returns a line for each record, with the fields named by the keys of `columns`, in that order. Absent fields are
 * empty cells, objects are JSON, and text that looks like a formula is prefixed with an apostrophe.
 */
export function csvRows(columns: Record<string, string>, records: object[]): string {
  return stringify(records, {
    ...format,
    columns: Object.keys(columns),
    cast: { string: guard, boolean: String },
  })
}

/**
 * Prevents spreadsheets from executing a cell as a formula (OWASP, CSV injection). An apostrophe is prepended to text
 * that starts with `=`, `+`, `-`, `@`, tab or return, or with apostrophes followed by one of those, so that removing
 * one apostrophe restores the text.
 */
function guard(text: string): string {
  return /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text
}
