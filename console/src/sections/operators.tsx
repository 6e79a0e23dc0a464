// The section with the operators of the installation.

import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client.ts'
import type { Operator, OperatorList } from '../api/generated.ts'
import { useSession } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { Failed, isLost } from '../ui/failed.tsx'
import { useOpen } from '../ui/filters.tsx'
import { useKeys } from '../ui/keys.ts'
import { List } from '../ui/list.tsx'
import { useAct } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Avatar, Empty, Facts, Time } from '../ui/small.tsx'
import { RoleBadges, readRole, roleFields } from './roles.tsx'

export function Operators() {
  const ask = useAsk()
  const act = useAct()
  const { applications: own } = useSession()
  const { open, show } = useOpen()
  const create = () =>
    ask({
      title: 'New operator',
      text: 'Give each person the least role that they need.',
      fields: [
        { name: 'username', label: 'Name' },
        { name: 'password', label: 'Password', type: 'password' },
        ...roleFields({}, own),
      ],
      action: 'Create',
      run: (values) => {
        const { role, ids } = readRole(values)
        const { username = '', password = '' } = values
        const body = { username, password, role, ...(ids.length > 0 && { applications: ids }) }
        return act('createOperator', { body }, `${username} can sign in`)
      },
    })
  useKeys([{ keys: 'n', label: 'New operator', run: create }])
  return (
    <Section
      title="Operators"
      actions={
        <button type="button" className="button primary" onClick={create}>
          New operator <kbd>n</kbd>
        </button>
      }
      detail={open && <OperatorDetail id={open} onGone={() => show(undefined)} />}
      onClose={() => show(undefined)}
    >
      <List
        operation="listOperators"
        input={{}}
        label="Operators"
        open={open}
        onOpen={({ id }) => show(id)}
        row={(operator) => (
          <>
            <Avatar name={operator.username} />
            <div className="row-main">
              <div className="row-line">
                <strong>{operator.username}</strong>
                <RoleBadges {...operator} />
              </div>
              <div className="row-text">
                {operator.signIn === 'sso' ? 'Single sign-on' : 'Password'}, signed in{' '}
                <Time at={operator.lastSignInTime} />
              </div>
            </div>
          </>
        )}
        empty={<Empty title="No operators" />}
      />
    </Section>
  )
}

async function findOperator(id: number): Promise<Operator | null> {
  let page: OperatorList | undefined
  do {
    page = await call('listOperators', { query: { limit: 100, ...(page?.next && { cursor: page.next }) } })
    const found = page.items.find((each) => each.id === id)
    if (found) return found
  } while (page.next)
  return null
}

function OperatorDetail({ id, onGone }: { id: number; onGone: () => void }) {
  const ask = useAsk()
  const act = useAct()
  const { applications: own } = useSession()
  const { data: operator, error } = useQuery({
    queryKey: ['listOperators', 'one', id],
    queryFn: () => findOperator(id),
  })
  if (isLost(error, operator)) return <Failed error={error} />
  if (!operator) return operator === null ? <Empty title="Operator not found" /> : <div aria-busy="true" />
  const { username } = operator
  const change = () =>
    ask({
      title: `Permissions of ${username}`,
      fields: roleFields(operator, own),
      action: 'Save',
      run: (values) => {
        const { role, ids } = readRole(values)
        const body = { role, applications: ids.length > 0 ? ids : null }
        return act('updateOperator', { params: { id }, body }, `Saved the permissions of ${username}`)
      },
    })
  const password = () =>
    ask({
      title: `New password for ${username}`,
      text: 'All their sessions end.',
      fields: [{ name: 'password', label: 'Password', type: 'password' }],
      action: 'Set password',
      run: ({ password = '' }) =>
        act('updateOperator', { params: { id }, body: { password } }, 'The password is set'),
    })
  const remove = () =>
    ask({
      title: `Delete ${username}?`,
      text: 'Their sessions end immediately. The audit log keeps what they did.',
      action: 'Delete operator',
      isDangerous: true,
      run: async () => {
        await act('deleteOperator', { params: { id } }, `${username} is deleted`)
        onGone()
      },
    })
  return (
    <>
      <div className="who">
        <Avatar name={username} />
        <h2>{username}</h2>
      </div>
      <Facts
        facts={[
          ['Role', <RoleBadges key="role" {...operator} />],
          ['Signs in with', operator.signIn === 'sso' ? 'single sign-on' : 'password'],
          ['Last sign-in', <Time key="last" at={operator.lastSignInTime} />],
          ['Since', <Time key="since" at={operator.createdTime} />],
        ]}
      />
      <div className="detail-actions">
        <button type="button" className="button" onClick={change}>
          Change role
        </button>
        {operator.signIn === 'password' && (
          <button type="button" className="button" onClick={password}>
            Set password
          </button>
        )}
        <button type="button" className="button danger" onClick={remove}>
          Delete
        </button>
      </div>
    </>
  )
}
