// Customers write TypeScript or JavaScript, with modules of either kind; what runs is CommonJS.
import { type Message, transform } from 'esbuild'

/** Where a script is no TypeScript or JavaScript; lines count from 1, columns too. */
export interface SyntaxProblem {
  message: string
  line: number
  column: number
}

/**
 * Compiles a customer's script, and finds out whether it can be: types are not checked, as in the hosted runtime.
 * @returns the CommonJS with its source map, or the first problem
 */
export async function compileHandler(
  source: string,
): Promise<{ code: string; map: string } | { error: SyntaxProblem }> {
  try {
    const { code, map } = await transform(source, {
      loader: 'ts',
      format: 'cjs',
      platform: 'node',
      target: 'node22',
      // Compiled functions cannot load ES modules by themselves; `require` can.
      supported: { 'dynamic-import': false },
      sourcemap: 'external',
      sourcefile: 'function.ts',
      sourcesContent: false,
      logLevel: 'silent',
      // A tsconfig.json around the server says nothing about customers' code.
      tsconfigRaw: {},
    })
    return { code, map }
  } catch (error) {
    const [first] = (error as { errors?: Message[] }).errors ?? []
    if (!first) throw error
    return {
      error: {
        message: first.text,
        line: first.location?.line ?? 1,
        column: (first.location?.column ?? 0) + 1,
      },
    }
  }
}
