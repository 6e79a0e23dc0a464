import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { type ParsedText, parseTexts } from '#domain/messages/parse-texts.ts'

/** Finds links, and mentions of existing users and channels; one round trip, or none if there is no mention. */
export async function parseText(ctx: Context, caller: Caller, body: string): Promise<ParsedText> {
  const userId = caller.kind === 'user' ? caller.userId : undefined
  const [parsed] = await parseTexts(ctx.db, caller.applicationId, [body], userId)
  return parsed as ParsedText // one for each body
}
