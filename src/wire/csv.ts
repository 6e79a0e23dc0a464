// CSV as docs/analytics.md describes it: RFC 4180, and nothing that a spreadsheet would run.
import { stringify } from 'csv-stringify/sync'

const format = {
  record_delimiter: 'windows', // CRLF [RFC 4180 section 2.1]
  quote_record_delimiter: true, // a lone CR or LF inside a cell, too [RFC 4180 section 2.6]
} as const

/** The line that names the columns. */
export function csvHeader(columns: Record<string, string>): string {
  return stringify([Object.values(columns)], format)
}

/**
 * A line for each record, with the fields that the keys of `columns` name, in their order. What is absent is an empty
 * cell; objects are JSON; text that looks like a formula has an apostrophe in front.
 */
export function csvRows(columns: Record<string, string>, records: object[]): string {
  return stringify(records, {
    ...format,
    columns: Object.keys(columns),
    cast: { string: guard, boolean: String },
  })
}

/**
 * Keeps spreadsheets from running a cell as a formula (OWASP, CSV injection): an apostrophe goes before what begins
 * with `=`, `+`, `-`, `@`, tab or return, and before apostrophes in front of those, so that taking one away gives the
 * text again.
 */
function guard(text: string): string {
  return /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text
}
