// Fills an application with data for the console to show.
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { callerOf } from '../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import type { TestServer } from '../support/server.ts'

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

/** Creates three channels, five users and their messages, one of which is reported. */
export async function furnish({ ctx, main: application }: Pick<TestServer, 'ctx' | 'main'>) {
  const ada = await createUser(application, { name: 'ada', displayName: people.ada })
  for (const [name, displayName] of Object.entries(people).slice(1))
    await createUser(application, { name, displayName })
  const creator = { username: 'ada' }
  const harbour = await createChannel(application, {
    name: 'harbour',
    displayName: 'Harbour office',
    creator,
  })
  await createChannel(application, { name: 'night', displayName: 'Night shift', creator })
  await createChannel(application, { type: 'PRIVATE', name: 'board', displayName: 'Board', creator })
  for (const [username, body] of conversation) {
    const message = await sendMessage(application, harbour.id, { body, user: { username } })
    if (username === 'mallory')
      await reportMessage(ctx, callerOf(application, ada), message.id, { reason: 'Advertising' })
  }
  return harbour
}
