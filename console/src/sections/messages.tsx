// The section with messages of an application: to search them, read them in context, and delete them.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/client.ts'
import type { MessageProperties } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { Failed, isLost } from '../ui/failed.tsx'
import { Moment, SearchField, useFilters, useOpen } from '../ui/filters.tsx'
import { useKeys } from '../ui/keys.ts'
import { List } from '../ui/list.tsx'
import { useAct } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Avatar, Badge, Empty, Facts, Json, Time } from '../ui/small.tsx'

/** Returns a one-line summary of a message. */
export function textOf(message: MessageProperties): string {
  return 'body' in message ? message.body : `📎 ${message.file.name}`
}

export function authorOf(message: MessageProperties): string {
  return 'user' in message ? message.user.displayName : 'System'
}

/** Returns a function that asks for confirmation, then deletes a message. */
function useDeleteMessage() {
  const id = useApplicationId()
  const ask = useAsk()
  const act = useAct()
  return (message: MessageProperties, onDone?: () => void) =>
    ask({
      title: 'Delete this message?',
      text: (
        <>
          <blockquote>{textOf(message)}</blockquote>
          <p>It is deleted for everybody, with its reactions and its file. This cannot be undone.</p>
        </>
      ),
      action: 'Delete message',
      isDangerous: true,
      run: async () => {
        await act('deleteMessage', { params: { id, messageId: message.id } }, 'Message deleted')
        onDone?.()
      },
    })
}

export function Messages() {
  const id = useApplicationId()
  const may = useMay()
  const { search } = useFilters()
  const { open, show } = useOpen()
  const remove = useDeleteMessage()
  const { query, username, channel, from, to } = search
  const isFiltered = Boolean(query || username || channel || from || to)
  return (
    <Section
      title="Messages"
      filters={
        <>
          <SearchField label="Search messages" />
          <SearchField name="username" label="User name" />
          <SearchField name="channel" label="Channel, id or name" />
          <Moment name="from" label="From" />
          <Moment name="to" label="To" />
        </>
      }
      detail={open && <Conversation key={open} messageId={open} onGone={() => show(undefined)} />}
      onClose={() => show(undefined)}
    >
      <List
        operation="listMessages"
        input={{ params: { id }, query: { query, username, channel, from, to } as never }}
        label="Messages, newest first"
        open={open}
        onOpen={({ id }) => show(id)}
        row={(message) => <MessageRow message={message} />}
        keys={
          may('deleteMessage')
            ? [{ keys: 'd', label: 'Delete message', run: (message) => remove(message) }]
            : []
        }
        empty={
          isFiltered ? (
            <Empty title="Nothing found">The search finds words in messages. Try removing a filter.</Empty>
          ) : (
            <Empty title="No messages yet">
              Messages appear here as soon as a client or your backend sends one. The home page shows how.
            </Empty>
          )
        }
      />
    </Section>
  )
}

function MessageRow({ message }: { message: MessageProperties }) {
  return (
    <>
      <Avatar name={authorOf(message)} />
      <div className="row-main">
        <div className="row-line">
          <strong>{authorOf(message)}</strong>
          <span className="soft mono">#{message.channelId}</span>
          {message.reportCount ? <Badge kind="bad">reported</Badge> : null}
        </div>
        <div className="row-text">{textOf(message)}</div>
      </div>
      <Time at={message.createdTime} />
    </>
  )
}

/** Shows a message with the messages before and after it. */
export function Conversation({ messageId, onGone }: { messageId: number; onGone: () => void }) {
  const id = useApplicationId()
  const may = useMay()
  const remove = useDeleteMessage()
  const { show } = useOpen()
  const { data, error } = useQuery({
    queryKey: ['retrieveConversation', id, messageId],
    queryFn: () => call('retrieveConversation', { params: { id, messageId } }),
  })
  const message = data?.items.find((each) => each.id === messageId)
  const isFailed = isLost(error, data)
  useKeys(
    message && !isFailed && may('deleteMessage')
      ? [{ keys: 'd', label: 'Delete message', run: () => remove(message, onGone) }]
      : [],
  )
  if (isFailed) return <Failed error={error} what="Message" />
  if (!data || !message) return <div aria-busy="true" />
  return (
    <>
      <h2>Conversation</h2>
      <ol className="conversation">
        {data.items.map((each) => (
          <li key={each.id} aria-current={each.id === messageId ? 'true' : undefined}>
            <button type="button" onClick={() => show(each.id)}>
              <span className="row-line">
                <strong>{authorOf(each)}</strong>
                <Time at={each.createdTime} />
              </span>
              <span className="said">{textOf(each)}</span>
            </button>
          </li>
        ))}
      </ol>
      <Facts
        facts={[
          ['Message', <code key="id">{message.id}</code>],
          [
            'Channel',
            <Link
              key="channel"
              to={`/a/${id}/channels` as '/'}
              search={{ open: String(message.channelId) } as never}
            >
              #{message.channelId}
            </Link>,
          ],
          ...('user' in message
            ? [
                [
                  'User',
                  <Link
                    key="user"
                    to={`/a/${id}/users` as '/'}
                    search={{ open: String(message.user.id) } as never}
                  >
                    {message.user.displayName}
                  </Link>,
                ] as [string, React.ReactNode],
              ]
            : []),
          ['Sent', <Time key="sent" at={message.createdTime} />],
        ]}
      />
      <Json title="Properties" value={message.properties} />
      {may('deleteMessage') && (
        <div className="detail-actions">
          <button type="button" className="button danger" onClick={() => remove(message, onGone)}>
            Delete message <kbd>d</kbd>
          </button>
        </div>
      )}
    </>
  )
}
