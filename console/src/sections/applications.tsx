// The section with the applications of the installation.
import { useApplicationId, useGo } from '../application.tsx'
import { useMay } from '../session.tsx'
import { Secret, useAsk } from '../ui/ask.tsx'
import { useKeys } from '../ui/keys.ts'
import { List } from '../ui/list.tsx'
import { useAct } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Avatar, count, Empty, Time } from '../ui/small.tsx'

export function Applications() {
  const may = useMay()
  const go = useGo()
  const ask = useAsk()
  const act = useAct()
  const create = () =>
    ask({
      title: 'New application',
      text: 'It has its own credentials. Its users, channels and messages are separate from those of other applications.',
      fields: [{ name: 'name', label: 'Name' }],
      action: 'Create',
      run: async ({ name = '' }) => {
        const made = await act('createApplication', { body: { name } }, `${name} is there`)
        setTimeout(() =>
          ask({
            title: `${name} is ready`,
            text: (
              <>
                <p>The secret is shown only once. Store it where your backend can read it.</p>
                <Secret label="API key" value={made.apiKey} />
                <Secret label="Client id" value={made.clientId ?? ''} />
                <Secret label="Client secret" value={made.clientSecret} />
              </>
            ),
            action: 'I have stored it',
          }),
        )
      },
    })
  useKeys(may('createApplication') ? [{ keys: 'n', label: 'New application', run: create }] : [])
  return (
    <Section
      title="Applications"
      actions={
        may('createApplication') && (
          <button type="button" className="button primary" onClick={create}>
            New application <kbd>n</kbd>
          </button>
        )
      }
    >
      <List
        operation="listApplications"
        input={{}}
        label="Applications"
        onOpen={({ id }) => go(`/a/${id}/overview`)}
        row={({ name, apiKey, counts, createdTime }) => (
          <>
            <Avatar name={name} />
            <div className="row-main">
              <div className="row-line">
                <strong>{name}</strong>
                <span className="soft mono">{apiKey}</span>
              </div>
              <div className="row-text">
                {count(counts.users)} users, {count(counts.channels)} channels, {count(counts.messages)}{' '}
                messages
              </div>
            </div>
            <Time at={createdTime} />
          </>
        )}
        empty={<Empty title="No applications">An owner can create one.</Empty>}
      />
    </Section>
  )
}

/** Returns the actions on an application as a whole. */
export function useApplicationActs(name: string) {
  const id = useApplicationId()
  const ask = useAsk()
  const act = useAct()
  const go = useGo()
  const params = { id }
  return {
    rename: () =>
      ask({
        title: 'Rename the application',
        fields: [{ name: 'name', label: 'Name', value: name }],
        action: 'Rename',
        run: ({ name = '' }) => act('updateApplication', { params, body: { name } }, 'Renamed'),
      }),
    rotate: () =>
      ask({
        title: 'Replace the client secret?',
        text: 'Backends need the new secret. The old one and its tokens become invalid after the overlap.',
        fields: [
          {
            name: 'hours',
            label: 'Overlap in hours',
            type: 'number',
            value: '24',
            hint: '0 ends the old secret immediately. At most 720.',
          },
        ],
        action: 'Replace secret',
        isDangerous: true,
        run: async ({ hours }) => {
          const body = { overlapSeconds: Math.round(Number(hours) * 3600) }
          const made = await act('rotateSecret', { params, body }, 'The secret is replaced')
          setTimeout(() =>
            ask({
              title: 'The new client secret',
              text: (
                <>
                  <p>It is shown only once.</p>
                  <Secret label="Client id" value={made.clientId} />
                  <Secret label="Client secret" value={made.clientSecret} />
                </>
              ),
              action: 'I have stored it',
            }),
          )
        },
      }),
    remove: (counts: { users: number; channels: number; messages: number }) =>
      ask({
        title: `Delete ${name}?`,
        text: `This deletes ${count(counts.users)} users, ${count(counts.channels)} channels and ${count(counts.messages)} messages, with all files and functions. This cannot be undone.`,
        fields: [{ name: 'name', label: `Type “${name}” to confirm` }],
        action: 'Delete application',
        isDangerous: true,
        run: async (values) => {
          if (values.name !== name) throw new Error('This is not the name of the application.')
          await act('deleteApplication', { params }, `${name} is deleted`)
          go('/applications')
        },
      }),
  }
}
