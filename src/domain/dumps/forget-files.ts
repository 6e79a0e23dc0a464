import type { Context } from '#context.ts'

export async function forgetFiles(ctx: Context, keys: string[]): Promise<void> {
  for (const key of keys) await ctx.files.delete(key)
}
