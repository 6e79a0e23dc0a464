// The section with the settings of an application, and its credentials.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/client.ts'
import type { PatchSettings, Settings as Shape } from '../api/generated.ts'
import { applicationQuery, useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { Failed, isLost } from '../ui/failed.tsx'
import { useTell, useTellError } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Facts, Json } from '../ui/small.tsx'
import { useApplicationActs } from './applications.tsx'
import { LifeOfMessages } from './retention.tsx'

const switches = [
  {
    name: 'guestUsers',
    title: 'Guests',
    text: 'Unknown usernames may connect. Each becomes a guest user.',
  },
  {
    name: 'userCreatedChannels',
    title: 'Channels by users',
    text: 'Clients may create channels. Otherwise, only your backend can.',
  },
] as const satisfies { name: keyof Shape; title: string; text: string }[]

export function Settings() {
  const id = useApplicationId()
  const may = useMay()
  const tell = useTell()
  const tellError = useTellError()
  const client = useQueryClient()
  const queryKey = ['retrieveSettings', id]
  const { data: settings, error } = useQuery({
    queryKey,
    queryFn: () => call('retrieveSettings', { params: { id } }),
  })
  const { data: application, error: applicationError } = useQuery(applicationQuery(id))
  const acts = useApplicationActs(application?.name ?? '')
  if (isLost(error, settings)) return <Failed error={error} />
  if (isLost(applicationError, application)) return <Failed error={applicationError} what="Application" />
  if (!settings || !application) return <div aria-busy="true" />

  /** Shows a change at once, and reverts it if the server refuses. */
  const change = async (body: PatchSettings) => {
    client.setQueryData(queryKey, { ...settings, ...body })
    try {
      client.setQueryData(queryKey, await call('updateSettings', { params: { id }, body }))
      tell('Saved')
    } catch (problem) {
      client.setQueryData(queryKey, settings)
      tellError(problem)
    }
  }
  return (
    <Section title="Settings">
      <div className="scroll">
        <section className="card">
          <h2>Permissions of clients</h2>
          {switches.map(({ name, title, text }) => (
            <label key={name} className="switch">
              <input
                type="checkbox"
                checked={settings[name] === 'ENABLED'}
                disabled={!may('updateSettings')}
                onChange={({ target }) => change({ [name]: target.checked ? 'ENABLED' : 'DISABLED' })}
              />
              <span>
                <strong>{title}</strong>
                <span className="soft">{text}</span>
              </span>
            </label>
          ))}
        </section>
        <LifeOfMessages settings={settings} counts={application.counts} />
        <section className="card">
          <h2>Credentials</h2>
          <Facts
            facts={[
              ['Name', application.name],
              ['API key', <code key="key">{application.apiKey}</code>],
              ['Client id', <code key="client">{application.clientId ?? 'none'}</code>],
            ]}
          />
          <Json title="Properties" value={application.properties} />
          <div className="detail-actions">
            {may('updateApplication') && (
              <button type="button" className="button" onClick={acts.rename}>
                Rename
              </button>
            )}
            {may('rotateSecret') && (
              <button type="button" className="button" onClick={acts.rotate}>
                Replace client secret
              </button>
            )}
          </div>
        </section>
        {may('deleteApplication') && (
          <section className="card bad">
            <h2>Delete the application</h2>
            <p className="soft">
              This deletes its users, channels, messages, files and functions. You are asked to confirm.
            </p>
            <button type="button" className="button danger" onClick={() => acts.remove(application.counts)}>
              Delete application
            </button>
          </section>
        )}
      </div>
    </Section>
  )
}
