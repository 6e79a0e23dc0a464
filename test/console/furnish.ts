// An application with some life in it, for the console to show.
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import type { TestApplication } from '../support/server.ts'

const people = {
  ada: 'Ada Lovelace',
  grace: 'Grace Hopper',
  linus: 'Linus Pauling',
  mary: 'Mary Somerville',
  mallory: 'Mallory',
}

const conversation: [keyof typeof people, string][] = [
  ['ada', 'Good morning! Who has the harbour today?'],
  ['grace', 'I do, until noon. The ferry from Kiel is twenty minutes late.'],
  ['linus', 'Then I take the crane first and the ferry after that.'],
  ['mary', 'Somebody should look at the lamp of the lighthouse before it gets dark.'],
  ['mallory', 'CHEAP WATCHES!!! https://watches.example'],
  ['grace', 'I can go at eleven. Mary, do you have the key?'],
  ['mary', 'It hangs beside the door, as always.'],
  ['ada', 'Thank you all. Notes of yesterday are in the shared folder.'],
]

/** Three channels, five people, and what they said; of one message somebody complains. */
export async function furnish(application: TestApplication) {
  const users = new Map<string, number>()
  for (const [name, displayName] of Object.entries(people)) {
    users.set(name, (await createUser(application, { name, displayName })).id)
  }
  const creator = { username: 'ada' }
  const harbour = await createChannel(application, {
    name: 'harbour',
    displayName: 'Harbour office',
    creator,
  })
  await createChannel(application, { name: 'night', displayName: 'Night shift', creator })
  await createChannel(application, { type: 'PRIVATE', name: 'board', displayName: 'Board', creator })
  for (const [username, body] of conversation) {
    await sendMessage(application, harbour.id, { body, user: { username } })
  }
  return { users, harbour }
}
