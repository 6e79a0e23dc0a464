import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { type ParsedText, parseTexts } from '#domain/messages/parse-texts.ts'

/** Finds links, and the mentions of users and channels that exist; one round trip, none where nothing is mentioned. */
export async function parseText(ctx: Context, caller: Caller, body: string): Promise<ParsedText> {
  const userId = caller.kind === 'user' ? caller.userId : undefined
  const [parsed] = await parseTexts(ctx.db, caller.applicationId, [body], userId)
  return parsed as ParsedText // one for each body
}
