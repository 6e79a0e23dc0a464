// The section with the channels of an application and their members.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/client.ts'
import type { Channel } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { Failed, isLost } from '../ui/failed.tsx'
import { Choice, SearchField, useFilters, useOpen } from '../ui/filters.tsx'
import { List } from '../ui/list.tsx'
import { useAct } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Badge, count, Empty, Facts, Json, Time } from '../ui/small.tsx'

const types = { '': 'Any type', PUBLIC: 'Public', PRIVATE: 'Private', DIRECT: 'Direct' }
const nameOf = ({ displayName, name, id }: Channel) => displayName || name || `Direct channel ${id}`

export function Channels() {
  const id = useApplicationId()
  const { search } = useFilters()
  const { open, show } = useOpen()
  const { query, type } = search
  return (
    <Section
      title="Channels"
      filters={
        <>
          <SearchField label="Search channels" />
          <Choice name="type" label="Type" options={types} />
        </>
      }
      detail={open && <ChannelDetail key={open} channelId={open} onGone={() => show(undefined)} />}
      onClose={() => show(undefined)}
    >
      <List
        operation="listChannels"
        input={{ params: { id }, query: { query, type } as never }}
        label="Channels"
        open={open}
        onOpen={({ id }) => show(id)}
        row={(channel) => (
          <>
            <div className="row-main">
              <div className="row-line">
                <strong>{nameOf(channel)}</strong>
                <Badge>{channel.type.toLowerCase()}</Badge>
              </div>
              <div className="row-text">
                {count(channel.counts.members)} members, {count(channel.counts.messages)} messages
              </div>
            </div>
            <Time at={channel.createdTime} />
          </>
        )}
        empty={
          query || type ? (
            <Empty title="No channels found">Names and display names are searched.</Empty>
          ) : (
            <Empty title="No channels yet">They appear when a client or your backend creates them.</Empty>
          )
        }
      />
    </Section>
  )
}

function ChannelDetail({ channelId, onGone }: { channelId: number; onGone: () => void }) {
  const id = useApplicationId()
  const may = useMay()
  const ask = useAsk()
  const act = useAct()
  const params = { id, channelId }
  const { data: channel, error } = useQuery({
    queryKey: ['retrieveChannel', id, channelId],
    queryFn: () => call('retrieveChannel', { params }),
  })
  const { data: members, error: membersError } = useQuery({
    queryKey: ['listChannelMembers', id, channelId],
    queryFn: () => call('listChannelMembers', { params, query: { limit: 100 } }),
  })
  if (isLost(error, channel)) return <Failed error={error} what="Channel" />
  if (!channel) return <div aria-busy="true" />
  const { messagesPersisted: isKept } = channel
  const keep = () =>
    ask({
      title: isKept ? 'Stop keeping messages?' : 'Keep messages again?',
      text: isKept
        ? `Messages sent to ${nameOf(channel)} from now on are delivered to connected users but not stored. The ${count(channel.counts.messages)} existing messages stay.`
        : `${nameOf(channel)} keeps what is sent from now on.`,
      action: isKept ? 'Stop keeping' : 'Keep messages',
      isDangerous: isKept,
      run: () => act('updateChannel', { params, body: { messagesPersisted: !isKept } }, 'Saved'),
    })
  const remove = () =>
    ask({
      title: `Delete ${nameOf(channel)}?`,
      text: `This deletes the channel, its ${count(channel.counts.messages)} messages and their files for its ${count(channel.counts.members)} members. This cannot be undone.`,
      action: 'Delete channel',
      isDangerous: true,
      run: async () => {
        await act('deleteChannel', { params }, `${nameOf(channel)} is deleted`)
        onGone()
      },
    })
  return (
    <>
      <h2>{nameOf(channel)}</h2>
      <Facts
        facts={[
          ['Id', <code key="id">{channel.id}</code>],
          ['Name', <code key="name">{channel.name}</code>],
          ['Type', channel.type.toLowerCase()],
          ['Creator', channel.creator?.displayName ?? 'the backend'],
          ['Since', <Time key="since" at={channel.createdTime} />],
          [
            'Messages',
            <Link
              key="messages"
              to={`/a/${id}/messages` as '/'}
              search={{ channel: String(channel.id) } as never}
            >
              {count(channel.counts.messages)}
            </Link>,
          ],
          ['Keeps messages', isKept ? 'yes' : 'no, they are only delivered'],
        ]}
      />
      <section>
        <h3>Members, {count(channel.counts.members)}</h3>
        {isLost(membersError, members) && <Failed error={membersError} />}
        <ul className="links">
          {members?.items.map((user) => (
            <li key={user.id}>
              <Link to={`/a/${id}/users` as '/'} search={{ open: String(user.id) } as never}>
                {user.displayName}
              </Link>{' '}
              <span className="soft mono">{user.name}</span>
            </li>
          ))}
        </ul>
        {members?.next && <p className="soft">And more.</p>}
      </section>
      <Json title="Properties" value={channel.properties} />
      <div className="detail-actions">
        {may('updateChannel') && (
          <button type="button" className="button" onClick={keep}>
            {isKept ? 'Stop keeping messages' : 'Keep messages'}
          </button>
        )}
        {may('deleteChannel') && (
          <button type="button" className="button danger" onClick={remove}>
            Delete channel
          </button>
        )}
      </div>
    </>
  )
}
