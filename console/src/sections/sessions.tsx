// The section with the devices that are connected now.
import { useApplicationId, useGo } from '../application.tsx'
import { List } from '../ui/list.tsx'
import { Section } from '../ui/pane.tsx'
import { Avatar, Empty, Time } from '../ui/small.tsx'

export function Sessions() {
  const id = useApplicationId()
  const go = useGo()
  return (
    <Section title="Sessions">
      <List
        operation="listSessions"
        input={{ params: { id } }}
        label="Live sessions, newest first"
        everyMs={10_000}
        onOpen={({ user }) => go(`/a/${id}/users`, { open: String(user.id) })}
        row={({ user, userAgent, createdTime }) => (
          <>
            <Avatar name={user.displayName} isOnline />
            <div className="row-main">
              <div className="row-line">
                <strong>{user.displayName}</strong>
                <span className="soft mono">{user.name}</span>
              </div>
              <div className="row-text">{userAgent ?? 'Unknown client'}</div>
            </div>
            <Time at={createdTime} />
          </>
        )}
        empty={
          <Empty title="Nobody is connected">
            Each connected device has a session while it is connected.
          </Empty>
        }
      />
    </Section>
  )
}
