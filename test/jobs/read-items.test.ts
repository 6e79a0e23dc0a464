import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countItems, type Item, readItems, UnusableFile } from '#jobs/read-items.ts'
import { importItemMax } from '#resources/imports.ts'

describe('the items of a file', () => {
  it('are those of its array, however it is formatted and wherever it is chunked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue()),
        fc.constantFrom(0, 1, '\t', '\r\n'),
        fc.integer({ min: 1, max: 64 }),
        fc.nat(5),
        async (items, space, cut, from) => {
          const text = `\uFEFF ${JSON.stringify(items, null, space)}\n`
          const read = await readAll(text, cut, from)
          expect(read.map((item) => 'value' in item && item.value)).toEqual(
            JSON.parse(JSON.stringify(items)).slice(from),
          )
          expect(read.map(({ index }) => index)).toEqual(items.map((_, at) => at).slice(from))
          expect(await countItems(chunks(Buffer.from(text), cut))).toBe(items.length)
        },
      ),
    )
  })

  it('are checked one by one: an invalid one does not affect others', async () => {
    const items = await readAll('[1, {"a":}, "b", [}, {], 01, , truth, "\\x", {"c": 2}]')
    expect(items.filter((item) => 'value' in item)).toMatchObject([
      { index: 0, value: 1 },
      { index: 2, value: 'b' },
      { index: 9, value: { c: 2 } },
    ])
    expect(items).toHaveLength(10)
  })

  it('may be as large and as deep as the limits, and no more', async () => {
    const large = (size: number) => `"${'x'.repeat(size - 2)}"`
    const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    const items = await readAll(
      `[${[large(importItemMax), large(importItemMax + 1), deep(127), deep(128), deep(300_000), '7'].join()}]`,
      5_000,
    )
    expect(items.map((item) => 'value' in item)).toEqual([true, false, true, false, false, true])
    expect(items[1]).toMatchObject({ reason: 'is larger than 1048576 bytes' })
    expect(items[4]).toMatchObject({ reason: 'is nested deeper than 128 levels' })
  })

  it('must be UTF-8', async () => {
    const items = await readAll(
      Buffer.concat([Buffer.from('["a", "'), Buffer.from([0xc3, 0x28]), Buffer.from('"]')]),
    )
    expect(items[1]).toMatchObject({ index: 1, reason: 'is not valid UTF-8' })
  })

  it.each([
    ['', 0, 'The file is empty'],
    ['  \n', 0, 'The file is empty'],
    ['{"a": [1]}', 0, 'The file is not a JSON array'],
    ['null', 0, 'The file is not a JSON array'],
    ['PK\u0003\u0004', 0, 'The file is not a JSON array'],
    ['[1, 2', 1, 'The file ends before its array does'],
    ['[1, "2]', 1, 'The file ends before its array does'],
    ['[1, {"a": 2}', 1, 'The file ends before its array does'],
    ['[1, 2,', 2, 'The file ends before its array does'],
    ['[1, 2}', 1, 'The array ends with a }'],
    ['[1] [2]', 1, 'Something follows the array'],
    ['[1],', 1, 'Something follows the array'],
  ])(
    'end where %j stops being an array, and what was complete before is read',
    async (text, index, reason) => {
      for (const cut of [1, 100]) {
        const read: Item[] = []
        const reading = readAll(text, cut, 0, read)
        await expect(reading).rejects.toThrow(UnusableFile)
        await expect(reading).rejects.toMatchObject({ index, message: reason })
        expect(read.map((item) => 'value' in item && item.value)).toEqual([1, 2].slice(0, index))
      }
    },
  )
})

async function readAll(text: string | Buffer, cut = 7, from = 0, read: Item[] = []): Promise<Item[]> {
  for await (const items of readItems(chunks(Buffer.from(text), cut), from)) read.push(...items)
  return read
}

async function* chunks(bytes: Buffer, cut: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut)
}
