import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { csvHeader, csvRows } from '#wire/csv.ts'

/** Parses CSV like strict and lenient readers: every kind of line break outside quotes ends a record. */
const read = (csv: string): string[][] => parse(csv, { record_delimiter: ['\r\n', '\n', '\r'] })

const columns = { body: 'body', name: 'the name', count: 'count' }

/** Text of characters that are special in CSV or spreadsheets, and any other text. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('\r', '\n', '"', ',', "'", '=', '+', '-', '@', '\t', ';', ' ', 'a') }),
  fc.string({ unit: 'grapheme' }),
)
const record = fc.record({ body: text, name: text, count: fc.option(fc.integer(), { nil: undefined }) })

it('any text is read back unchanged by a standard parser, with the same number of records', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), (records) => {
      const [header, ...rows] = read(csvHeader(columns) + csvRows(columns, records))
      expect(header).toEqual(Object.values(columns))
      expect(rows.map((cells) => cells.map(unguard))).toEqual(
        records.map(({ body, name, count }) => [body, name, count === undefined ? '' : String(count)]),
      )
    }),
  )
})

it('no line of a file starts with a formula, and no cell either', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), (records) => {
      const written = csvRows(columns, records)
      for (const cells of read(written)) {
        for (const cell of cells.slice(0, 2)) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
      }
      const outside = written.replace(/"(?:[^"]|"")*"/g, '""')
      expect(outside.replaceAll('\r\n', ''), 'line breaks inside cells are inside quotes').not.toMatch(
        /[\r\n]/,
      )
    }),
  )
})

/** Restores the original text as described in docs/analytics.md. */
const unguard = (cell: string) => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)
