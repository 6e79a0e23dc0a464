import type { Querier } from '#data/database.ts'
import { findMentioned } from '#data/messages/mentions.ts'
import type { StoredMention } from '#data/rows.ts'
import { findLinks } from '#domain/messages/find-links.ts'
import type { MessageLink } from '#resources/message.ts'

export interface ParsedText {
  mentions: StoredMention[]
  links: MessageLink[]
}

/** `<@username>` and `<#channelName>`; names may contain any character but `>` (runtime contract 8.8). */
const mentionPattern = /<([@#])([^<>]{1,512})>/g

/** Like parseText, for many texts of the application or of one user, still in one round trip. */
export async function parseTexts(
  db: Querier,
  applicationId: number,
  bodies: string[],
  userId?: number,
): Promise<ParsedText[]> {
  const candidates = bodies.map(findCandidates)
  const named = (type: StoredMention['type']) => [
    ...new Set(candidates.flat().flatMap((candidate) => (candidate.type === type ? candidate.name : []))),
  ]
  const [usernames, channelNames] = [named('USER'), named('CHANNEL')]
  const found =
    usernames.length + channelNames.length === 0
      ? undefined
      : await findMentioned(db, applicationId, usernames, channelNames, userId)
  return bodies.map((body, at) => ({
    mentions: (candidates[at] ?? []).flatMap(({ name, ...mention }) => {
      const id = (mention.type === 'USER' ? found?.users : found?.channels)?.get(name)
      return id === undefined ? [] : [{ ...mention, id }]
    }),
    links: findLinks(body),
  }))
}

type Candidate = Omit<StoredMention, 'id'> & { name: string }

function findCandidates(body: string): Candidate[] {
  if (!body.includes('<@') && !body.includes('<#')) return []
  return [...body.matchAll(mentionPattern)].map((match) => ({
    type: match[1] === '@' ? 'USER' : 'CHANNEL',
    name: match[2] ?? '',
    tag: match[0],
    startPosition: match.index,
    endPosition: match.index + match[0].length,
  }))
}
