import { refused } from '#errors.ts'
import { directMembersMax } from '#resources/channel.ts'

/** @throws ChatError 400 for too few or too many members */
export function mustFitDirectChannel(members: number): void {
  if (members === 0) {
    throw refused('channel', 'members', 'missing_field', 'A direct channel needs members')
  }
  if (members > directMembersMax) {
    throw refused('channel', 'members', 'invalid', `A direct channel has ${directMembersMax} members at most`)
  }
}
