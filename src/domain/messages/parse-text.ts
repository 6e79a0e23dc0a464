// What a text body holds besides text: mentions and links, with their places.
import { LinkifyIt } from 'linkify-it'
import type { Context } from '#context.ts'
import { findMentioned } from '#data/mentions.ts'
import type { StoredMention } from '#data/rows.ts'
import type { Caller } from '#domain/access.ts'
import type { MessageLink } from '#resources/message.ts'

export interface ParsedText {
  mentions: StoredMention[]
  links: MessageLink[]
}

/** `<@username>` and `<#channelName>`; names may hold anything but `>` (runtime contract 8.8). */
const mentionPattern = /<([@#])([^<>]{1,512})>/g

const linkify = new LinkifyIt({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })
  .add('mailto:', null)
  .add('ftp:', null)
  .add('//', null)

/** Finds links, and the mentions of users and channels that exist; one round trip, none where nothing is mentioned. */
export async function parseText(ctx: Context, caller: Caller, body: string): Promise<ParsedText> {
  return { mentions: await findMentions(ctx, caller, body), links: findLinks(body) }
}

/** The http and https URLs of a text. */
export function findLinks(body: string): MessageLink[] {
  if (!body.includes('://')) return []
  return (linkify.match(body) ?? []).map(({ raw, index, lastIndex }) => ({
    source: raw,
    startPosition: index,
    endPosition: lastIndex,
  }))
}

async function findMentions(ctx: Context, caller: Caller, body: string): Promise<StoredMention[]> {
  if (!body.includes('<@') && !body.includes('<#')) return []
  const candidates = [...body.matchAll(mentionPattern)].map((match) => ({
    type: match[1] === '@' ? ('USER' as const) : ('CHANNEL' as const),
    name: match[2] ?? '',
    tag: match[0],
    startPosition: match.index,
    endPosition: match.index + match[0].length,
  }))
  if (candidates.length === 0) return []
  const named = (type: StoredMention['type']) => [
    ...new Set(candidates.filter((candidate) => candidate.type === type).map(({ name }) => name)),
  ]
  const found = await findMentioned(ctx.db, caller.applicationId, named('USER'), named('CHANNEL'))
  return candidates.flatMap(({ name, ...mention }) => {
    const id = (mention.type === 'USER' ? found.users : found.channels).get(name)
    return id === undefined ? [] : [{ ...mention, id }]
  })
}
