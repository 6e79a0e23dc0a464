// Compiles customers' TypeScript or JavaScript, with either kind of modules, to CommonJS.
import { type Message, transform } from 'esbuild'

/** Position of a syntax error; lines and columns count from 1. */
export interface SyntaxProblem {
  message: string
  line: number
  column: number
}

/**
 * Compiles a customer's script, or reports why it cannot. Types are not checked, as in the hosted runtime.
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
      // Compiled functions cannot load ES modules themselves; `require` can.
      supported: { 'dynamic-import': false },
      sourcemap: 'external',
      sourcefile: 'function.ts',
      sourcesContent: false,
      logLevel: 'silent',
      // A tsconfig.json around the server must not affect customers' code.
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
