import type { Context } from '#context.ts'
import { refused } from '#errors.ts'

/** @throws ChatError 400 with the position of the error, if a script is neither JavaScript nor TypeScript */
export async function mustCompile(
  ctx: Context,
  script: string,
  { resource, field }: { resource: string; field: string },
): Promise<void> {
  const compiled = await ctx.functions.compileHandler(script)
  if (!('error' in compiled)) return
  const { message, line, column } = compiled.error
  throw refused(resource, field, 'invalid', `${field}: ${message} (line ${line}, column ${column})`)
}
