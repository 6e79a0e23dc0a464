import { LRUCache } from 'lru-cache'
import { compileHandler } from './compile.ts'
import type { ErrorReport, Script } from './protocol.ts'

/** Compiles customers' scripts, and caches those used most recently. */
export class Scripts {
  readonly #compiled = new LRUCache<string, Script>({
    max: 1_000,
    maxSize: 50_000_000,
    sizeCalculation: (_, source) => source.length * 3 + 1,
  })

  /** @param file the file name in error messages */
  async compile(source: string, file: string): Promise<Script | { error: ErrorReport }> {
    const known = this.#compiled.get(source)
    if (known) return known
    const compiled = await compileHandler(source)
    if ('error' in compiled) {
      const { message, line, column } = compiled.error
      return { error: { name: 'SyntaxError', message: `${file}:${line}:${column}: ${message}` } }
    }
    this.#compiled.set(source, compiled)
    return compiled
  }
}
