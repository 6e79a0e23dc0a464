// The section with the users of an application: to search, view and ban them.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/client.ts'
import type { User } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { Failed, isLost } from '../ui/failed.tsx'
import { Choice, SearchField, useFilters, useOpen } from '../ui/filters.tsx'
import { useKeys } from '../ui/keys.ts'
import { List } from '../ui/list.tsx'
import { useAct } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Avatar, Badge, Empty, Facts, Json, Time } from '../ui/small.tsx'
import { PersonsData } from './person.tsx'

export function Users() {
  const id = useApplicationId()
  const may = useMay()
  const { search } = useFilters()
  const { open, show } = useOpen()
  const ban = useBan()
  const { query, online, banned } = search
  return (
    <Section
      title="Users"
      filters={
        <>
          <SearchField label="Search users" />
          <Choice
            name="online"
            label="Presence"
            options={{ '': 'Online or not', true: 'Online', false: 'Offline' }}
          />
          <Choice
            name="banned"
            label="Bans"
            options={{ '': 'Banned or not', true: 'Banned', false: 'Not banned' }}
          />
        </>
      }
      detail={open && <UserDetail key={open} userId={open} onGone={() => show(undefined)} />}
      onClose={() => show(undefined)}
    >
      <List
        operation="listUsers"
        input={{ params: { id }, query: { query, online, banned } as never }}
        label="Users"
        open={open}
        onOpen={({ id }) => show(id)}
        keys={may('banUser') ? [{ keys: 'b', label: 'Ban or unban', run: ban }] : []}
        row={(user) => (
          <>
            <Avatar name={user.displayName} isOnline={user.presence.online} />
            <div className="row-main">
              <div className="row-line">
                <strong>{user.displayName}</strong>
                {user.ban && <Badge kind="bad">banned</Badge>}
                {user.isGuest && <Badge>guest</Badge>}
                {user.type === 'BOT' && <Badge>bot</Badge>}
              </div>
              <div className="row-text mono">{user.name}</div>
            </div>
            <Time at={user.createdTime} />
          </>
        )}
        empty={
          query || online || banned ? (
            <Empty title="No users found">Names and display names are searched.</Empty>
          ) : (
            <Empty title="No users yet">
              They appear when they connect for the first time, or when your backend creates them.
            </Empty>
          )
        }
      />
    </Section>
  )
}

/** Returns the terms of a ban, to restore it. */
const termsOf = ({ reason, until }: NonNullable<User['ban']>) => ({
  ...(reason && { reason }),
  ...(until && { until }),
})

/** Asks for the duration and reason of a ban or, for a banned user, whether to lift the ban. */
function useBan() {
  const id = useApplicationId()
  const ask = useAsk()
  const act = useAct()
  return (user: User) => {
    const params = { id, userId: user.id }
    const { ban } = user
    if (ban) {
      return ask({
        title: `Unban ${user.displayName}?`,
        text: 'They can connect and send messages again immediately.',
        action: 'Unban',
        run: () =>
          act('unbanUser', { params }, `${user.displayName} is not banned any more`, () =>
            act('banUser', { params, body: termsOf(ban) }, `${user.displayName} is banned as before`),
          ),
      })
    }
    return ask({
      title: `Ban ${user.displayName}?`,
      text: 'Their sessions end immediately, and they can neither connect nor send. Their messages stay.',
      fields: [
        {
          name: 'reason',
          label: 'Reason',
          isOptional: true,
          hint: 'Shown to them when they try to connect.',
        },
        {
          name: 'until',
          label: 'Until',
          type: 'datetime-local',
          isOptional: true,
          hint: 'If empty, the ban does not end.',
        },
      ],
      action: 'Ban',
      isDangerous: true,
      run: ({ reason, until }) =>
        act(
          'banUser',
          {
            params,
            body: { ...(reason && { reason }), ...(until && { until: new Date(until).toISOString() }) },
          },
          `${user.displayName} is banned`,
          () => act('unbanUser', { params }, `${user.displayName} is not banned any more`),
        ),
    })
  }
}

function UserDetail({ userId, onGone }: { userId: number; onGone: () => void }) {
  const id = useApplicationId()
  const may = useMay()
  const ask = useAsk()
  const act = useAct()
  const ban = useBan()
  const { data: user, error } = useQuery({
    queryKey: ['retrieveUser', id, userId],
    queryFn: () => call('retrieveUser', { params: { id, userId } }),
  })
  const { data: channels, error: channelsError } = useQuery({
    queryKey: ['listUserChannels', id, userId],
    queryFn: () => call('listUserChannels', { params: { id, userId }, query: { limit: 50 } }),
  })
  const isFailed = isLost(error, user)
  useKeys(
    user && !isFailed && may('banUser') ? [{ keys: 'b', label: 'Ban or unban', run: () => ban(user) }] : [],
  )
  if (isFailed) return <Failed error={error} what="User" />
  if (!user) return <div aria-busy="true" />
  const remove = () =>
    ask({
      title: `Delete ${user.displayName}?`,
      text: 'They leave all of their channels, their sessions end and their name becomes available. Their messages stay. This cannot be undone.',
      action: 'Delete user',
      isDangerous: true,
      run: async () => {
        await act('deleteUser', { params: { id, userId } }, `${user.displayName} is deleted`)
        onGone()
      },
    })
  return (
    <>
      <div className="who">
        <Avatar name={user.displayName} isOnline={user.presence.online} />
        <div>
          <h2>{user.displayName}</h2>
          <p className="soft mono">{user.name}</p>
        </div>
      </div>
      {user.ban && (
        <p className="callout bad">
          Banned by {user.ban.createdBy} <Time at={user.ban.createdTime} />,{' '}
          {user.ban.until ? (
            <>
              until <Time at={user.ban.until} />
            </>
          ) : (
            'for good'
          )}
          {user.ban.reason && <>: “{user.ban.reason}”</>}
        </p>
      )}
      <Facts
        facts={[
          ['Id', <code key="id">{user.id}</code>],
          ['Presence', `${user.presence.online ? 'online' : 'offline'}, ${user.presence.status}`],
          ['Kind', user.type === 'BOT' ? 'bot' : user.isGuest ? 'guest' : 'person'],
          ['Since', <Time key="since" at={user.createdTime} />],
          [
            'Messages',
            <Link key="messages" to={`/a/${id}/messages` as '/'} search={{ username: user.name } as never}>
              all their messages
            </Link>,
          ],
        ]}
      />
      <section>
        <h3>Channels</h3>
        {isLost(channelsError, channels) && <Failed error={channelsError} />}
        {channels?.items.length === 0 && <p className="soft">In none.</p>}
        <ul className="links">
          {channels?.items.map((channel) => (
            <li key={channel.id}>
              <Link to={`/a/${id}/channels` as '/'} search={{ open: String(channel.id) } as never}>
                {channel.displayName || channel.name || `#${channel.id}`}
              </Link>{' '}
              <span className="soft">{channel.type.toLowerCase()}</span>
            </li>
          ))}
        </ul>
        {channels?.next && <p className="soft">And more.</p>}
      </section>
      <Json title="Properties" value={user.properties} />
      <PersonsData user={user} />
      <div className="detail-actions">
        {may('banUser') && (
          <button type="button" className={`button ${user.ban ? '' : 'danger'}`} onClick={() => ban(user)}>
            {user.ban ? 'Unban' : 'Ban'} <kbd>b</kbd>
          </button>
        )}
        {may('deleteUser') && (
          <button type="button" className="button danger" onClick={remove}>
            Delete user
          </button>
        )}
      </div>
    </>
  )
}
