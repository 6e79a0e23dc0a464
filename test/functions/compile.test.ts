import { describe, expect, it } from 'vitest'
import { compileHandler } from '#functions/compile.ts'

describe('a script', () => {
  it.each([
    ['is TypeScript', 'async function handleEvent(event: Some, context: Context): Promise<void> {}'],
    ['is JavaScript', 'async function handleEvent(event, context) {}'],
    ['has enums and parameter properties', 'enum A { B }; class C { constructor(private d: A) {} }'],
    ['exports the old way', 'module.exports = { handleEvent: async () => 1 }'],
    ['exports the new way', `import qs from 'qs'; export async function handleEvent() { return qs }`],
  ])('may be one that %s', async (_, source) => {
    expect(await compileHandler(source)).toEqual({ code: expect.any(String), map: expect.any(String) })
  })

  it('loads modules by require only, as it is no ES module', async () => {
    const compiled = await compileHandler(
      `import a from 'a'; export const handleEvent = () => [a, import('b')]`,
    )
    expect(compiled).toMatchObject({ code: expect.stringContaining('require("a")') })
    expect(compiled).toMatchObject({ code: expect.stringContaining('require("b")') })
    expect(compiled).toMatchObject({ code: expect.not.stringContaining('import(') })
  })

  it.each([
    ['async function handleEvent(event {\n}', 1, 34],
    ['const a = 1\n\nconst b = ]', 3, 11],
    ['const a = 1\n  const a = 2', 2, 9],
    ['await 1', 1, 1],
  ])('that is invalid is refused with line and column: %j', async (source, line, column) => {
    expect(await compileHandler(source)).toEqual({ error: { message: expect.any(String), line, column } })
  })
})
