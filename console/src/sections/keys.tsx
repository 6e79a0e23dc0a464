// The section with admin keys, with which scripts use the admin API.
import type { AdminKey } from '../api/generated.ts'
import { useSession } from '../session.tsx'
import { Secret, useAsk } from '../ui/ask.tsx'
import { useKeys } from '../ui/keys.ts'
import { List } from '../ui/list.tsx'
import { useAct } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Badge, Empty, Time } from '../ui/small.tsx'
import { RoleBadges, readRole, roleFields } from './roles.tsx'

export function AdminKeys() {
  const ask = useAsk()
  const act = useAct()
  const { applications: own } = useSession()
  const create = () =>
    ask({
      title: 'New admin key',
      text: 'Scripts send the key as a bearer token.',
      fields: [
        { name: 'name', label: 'Name', hint: 'What the key is for.' },
        ...roleFields({}, own),
        { name: 'expires', label: 'Expires', type: 'datetime-local', isOptional: true },
      ],
      action: 'Create',
      run: async (values) => {
        const { role, ids } = readRole(values)
        const { name = '', expires } = values
        const body = {
          name,
          role,
          ...(ids.length > 0 && { applications: ids }),
          ...(expires && { expiresTime: new Date(expires).toISOString() }),
        }
        const { key } = await act('createKey', { body }, `${name} is there`)
        setTimeout(() =>
          ask({
            title: `The key ${name}`,
            text: (
              <>
                <p>It is shown only once.</p>
                <Secret label="Admin key" value={key} />
              </>
            ),
            action: 'I have stored it',
          }),
        )
      },
    })
  const remove = ({ id, name }: AdminKey) =>
    ask({
      title: `Delete the key ${name}?`,
      text: 'Requests with it are refused immediately.',
      action: 'Delete key',
      isDangerous: true,
      run: () => act('deleteKey', { params: { id } }, `${name} is deleted`),
    })
  useKeys([{ keys: 'n', label: 'New admin key', run: create }])
  return (
    <Section
      title="Admin keys"
      actions={
        <button type="button" className="button primary" onClick={create}>
          New key <kbd>n</kbd>
        </button>
      }
    >
      <p className="intro soft">Select a key to delete it.</p>
      <List
        operation="listKeys"
        input={{}}
        label="Admin keys"
        onOpen={remove}
        keys={[{ keys: 'd', label: 'Delete key', run: remove }]}
        row={(key) => (
          <>
            <div className="row-main">
              <div className="row-line">
                <strong>{key.name}</strong>
                <RoleBadges {...key} />
                {key.expiresTime && key.expiresTime < new Date().toISOString() && (
                  <Badge kind="bad">expired</Badge>
                )}
              </div>
              <div className="row-text">
                <span className="mono">{key.hint}…</span> by {key.createdBy}
                {key.expiresTime && (
                  <>
                    , until <Time at={key.expiresTime} />
                  </>
                )}
              </div>
            </div>
            <Time at={key.createdTime} />
          </>
        )}
        empty={
          <Empty title="No admin keys">
            A key lets a script do what its role may, with the header Authorization: Bearer ck_admin_…
          </Empty>
        }
      />
    </Section>
  )
}
