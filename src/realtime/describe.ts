// Describes the real-time API as Markdown for GET /docs, generated from the tables that serve it.
import { z } from 'zod'
import { served } from '#realtime/table.ts'
import type { Address } from '#resources/address.ts'
import { events } from '#resources/events.ts'

const introduction = `Users' clients speak STOMP 1.2 over WebSocket. The official clients do all of this by themselves;
read on to write your own client, or to understand what happens.

# Connecting

Open a WebSocket at \`/rtm/websocket?api-key=…\` and send CONNECT. The answer CONNECTED starts a session.

| header of CONNECT | value |
| --- | --- |
| \`accept-version\` | \`1.2\` |
| \`heart-beat\` | for example \`60000,10000\` |
| \`StompX-User\` | the username |
| \`StompX-Auth-Params\` | parameters for the function that decides about sessions: JSON in base64 |
| \`StompX-Auth-Session-ID\` | \`session\` of the last CONNECTED, to resume the session after a lost connection |

SUBSCRIBE to \`/user/queue/errors\`, which receives an error for each refused request, and to the relay
\`/application/user.relay\`, which returns the user. Every resource names its relays, topics, actions and streams in \`_relays\`, \`_topics\`,
\`_actions\` and \`_streams\`: take addresses from there instead of constructing them.

- Read a **relay** with SUBSCRIBE: one MESSAGE answers it. Lists are pages (\`….page.0.size.25\`) or follow a cursor.
- Listen to a **topic** with SUBSCRIBE and \`ack:client-individual\`. Each MESSAGE has a \`type\`, a \`version\` and a
  \`resource\`. Messages that are not acknowledged are delivered again when the session is resumed.
- An **action** is a SEND with JSON. Its result arrives on one of the user's topics with the \`receipt-id\` of the SEND.
- A **stream** receives a file: POST the file to it, with a grant from the relay \`writeFileAccessGrant\`.`

/** Returns the description of all relays, topics, actions and streams. */
export function describeRealTime(): string {
  const sections = Object.entries(served).map(([title, { hypermedia, actions }]) =>
    [
      `# ${title}`,
      table('Relays', ['name', 'destination', 'answers'], rowsOf(hypermedia.relays, answerOf)),
      table(
        'Topics',
        ['name', 'destination', 'answers to actions'],
        rowsOf(hypermedia.topics, typesOf(title)),
      ),
      table(
        'Actions',
        ['name', 'destination', 'body'],
        rowsOf(hypermedia.actions, (name) => fieldsOf(actions[name]?.body)),
      ),
      table('Streams', ['name', 'path'], rowsOf(hypermedia.streams)),
    ].filter(Boolean),
  )
  return [introduction, ...sections.flat()].join('\n\n')
}

type Row = string[]

function rowsOf(
  addresses: Record<string, Address>,
  more?: (name: string, address: Address) => string,
): Row[] {
  return Object.entries(addresses).map(([name, address]) => [
    code(name),
    code(address.pattern),
    ...(more ? [more(name, address)] : []),
  ])
}

function table(title: string, head: Row, rows: Row[]): string {
  if (rows.length === 0) return ''
  const filled = head.map((_, at) => rows.some((cells) => cells[at] !== ''))
  const line = (cells: Row) => `| ${cells.filter((_, at) => filled[at]).join(' | ')} |`
  return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}

const answers = { none: 'one resource', page: 'a page', cursor: 'a page by cursor' }

function answerOf(_name: string, { paging }: Address): string {
  return answers[paging]
}

/** Returns a function that lists the types of answers to actions on a topic of the current user. */
function typesOf(title: string): (name: string) => string {
  const echoes = Object.values(events).flatMap(({ echo }) =>
    echo === null ? [] : 'topic' in echo ? [echo] : Object.values(echo),
  ) as { topic: string; type: string }[]
  return (name) => {
    if (title !== 'Current user') return ''
    return [...new Set(echoes.filter(({ topic }) => topic === name).map(({ type }) => code(type)))].join(' ')
  }
}

interface Fields {
  properties?: Record<string, unknown>
  required?: string[]
  anyOf?: Fields[]
  oneOf?: Fields[]
  $ref?: string
  $defs?: Record<string, Fields>
}

/** Lists a body's fields, such as `body`, `properties?`, or `a or b` if there are several forms. */
function fieldsOf(body: z.ZodType | undefined): string {
  if (body === undefined) return ''
  const document = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as Fields
  const list = (schema: Fields): string => {
    if (schema.$ref) return list(document.$defs?.[schema.$ref.replace('#/$defs/', '')] ?? {})
    const forms = schema.anyOf ?? schema.oneOf
    if (forms) return [...new Set(forms.map(list))].filter(Boolean).join(' or ')
    return Object.keys(schema.properties ?? {})
      .map((name) => code(schema.required?.includes(name) ? name : `${name}?`))
      .join(', ')
  }
  return list(document)
}
