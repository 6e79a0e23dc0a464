// The section with the webhooks of an application, and their deliveries.
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client.ts'
import type { Webhook, WebhookDelivery } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { type Field, Secret, useAsk } from '../ui/ask.tsx'
import { every, Failed, isLost } from '../ui/failed.tsx'
import { useOpen } from '../ui/filters.tsx'
import { useKeys } from '../ui/keys.ts'
import { List } from '../ui/list.tsx'
import { useAct, useAttempt, useRefresh, useTell } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Badge, count, Empty, Facts, Pre, Time } from '../ui/small.tsx'

const kinds = { pending: 'warn', delivered: 'good', failed: 'bad' } as const
const eventsOf = (text = '') => text.split(/[\s,]+/).filter(Boolean) as never

/** Returns the form fields of a webhook; for an existing one, those that can be changed. */
const fieldsOf = ({ url = '', events = ['*'], description = '' }: Partial<Webhook> = {}): Field[] => [
  { name: 'url', label: 'URL', value: url },
  {
    name: 'events',
    label: 'Events',
    value: events.join(', '),
    hint: 'For example message.created, separated by commas; * means all events.',
  },
  { name: 'description', label: 'Description', value: description, isOptional: true },
]

export function Webhooks() {
  const id = useApplicationId()
  const { open, show } = useOpen()
  const ask = useAsk()
  const act = useAct()
  const showSecret = useShowSecret()
  const create = () =>
    ask({
      title: 'New webhook',
      fields: fieldsOf(),
      action: 'Create',
      run: async ({ url = '', events, description }) => {
        const body = { url, events: eventsOf(events), ...(description && { description }) }
        showSecret(await act('createWebhook', { params: { id }, body }, 'The webhook is created'))
      },
    })
  useKeys([{ keys: 'n', label: 'New webhook', run: create }])
  return (
    <Section
      title="Webhooks"
      actions={
        <button type="button" className="button primary" onClick={create}>
          New webhook <kbd>n</kbd>
        </button>
      }
      detail={open && <WebhookDetail key={open} webhookId={open} onGone={() => show(undefined)} />}
      onClose={() => show(undefined)}
    >
      <List
        operation="listWebhooks"
        input={{ params: { id } }}
        label="Webhooks"
        open={open}
        onOpen={({ id }) => show(id)}
        row={({ url, events, enabled, failingSince, description }) => (
          <>
            <div className="row-main">
              <div className="row-line">
                <strong>{url}</strong>
                {!enabled && <Badge>off</Badge>}
                {failingSince && <Badge kind="bad">failing</Badge>}
              </div>
              <div className="row-text">
                {description || (events.includes('*') ? 'All events' : events.join(', '))}
              </div>
            </div>
          </>
        )}
        empty={
          <Empty title="No webhooks yet">
            A webhook sends events to your server. Requests are signed, and retried until they succeed.
          </Empty>
        }
      />
    </Section>
  )
}

function useShowSecret() {
  const ask = useAsk()
  return ({ secret }: { secret: string }) =>
    setTimeout(() =>
      ask({
        title: 'The secret of the webhook',
        text: (
          <>
            <p>Deliveries are signed with it. It is shown only once.</p>
            <Secret label="Secret" value={secret} />
          </>
        ),
        action: 'I have stored it',
      }),
    )
}

const states = { failed: 'Failed', delivered: 'Delivered', '': 'All' }

function WebhookDetail({ webhookId, onGone }: { webhookId: number; onGone: () => void }) {
  const id = useApplicationId()
  const ask = useAsk()
  const act = useAct()
  const tell = useTell()
  const attemptTest = useAttempt()
  const attemptSwitch = useAttempt()
  const refresh = useRefresh()
  const showSecret = useShowSecret()
  const params = { id, webhookId }
  const { data: webhook, error } = useQuery({
    queryKey: ['retrieveWebhook', id, webhookId],
    queryFn: () => call('retrieveWebhook', { params }),
  })
  const { data: deliveries, error: deliveriesError } = useQuery({
    queryKey: ['listWebhookDeliveries', id, webhookId],
    queryFn: () => call('listWebhookDeliveries', { params, query: { limit: 50 } }),
    refetchInterval: every(3_000),
  })
  if (isLost(error, webhook)) return <Failed error={error} what="Webhook" />
  if (!webhook) return <div aria-busy="true" />
  const replay = ({ id: deliveryId }: WebhookDelivery) =>
    act('replayWebhookDelivery', { params: { ...params, deliveryId } }, 'The delivery is sent again')
  const replaySince = () =>
    ask({
      title: 'Replay deliveries?',
      text: 'They are sent in the order of their events, with the same ids, by which your server can recognize those it has already received.',
      fields: [
        { name: 'from', label: 'From', type: 'datetime-local' },
        { name: 'to', label: 'To', type: 'datetime-local', isOptional: true, hint: 'If empty, now.' },
        { name: 'state', label: 'State', options: states, value: 'failed' },
      ],
      action: 'Send again',
      run: async ({ from = '', to, state }) => {
        const body = {
          from: new Date(from).toISOString(),
          to: (to ? new Date(to) : new Date()).toISOString(),
          ...(state && { state: state as WebhookDelivery['state'] }),
        }
        const { count: sent } = await call('replayWebhookDeliveries', { params, body })
        tell(`${count(sent)} sent again`)
        refresh()
      },
    })
  const edit = () =>
    ask({
      title: 'Edit the webhook',
      text: 'Pending deliveries go to the new URL.',
      fields: fieldsOf(webhook),
      action: 'Save',
      run: ({ url = '', events, description }) =>
        act(
          'updateWebhook',
          { params, body: { url, events: eventsOf(events), description: description || null } },
          'The webhook is saved',
        ),
    })
  return (
    <>
      <h2>{webhook.url}</h2>
      <WebhookFacts webhook={webhook} />
      <div className="detail-actions">
        <button
          type="button"
          className="button"
          onClick={() => attemptTest(() => act('testWebhook', { params }, 'webhook.test is on its way'))}
        >
          Send a test
        </button>
        <button type="button" className="button" onClick={replaySince}>
          Replay
        </button>
        <button type="button" className="button" onClick={edit}>
          Edit
        </button>
        <button
          type="button"
          className="button"
          onClick={() =>
            attemptSwitch(() =>
              act(
                'updateWebhook',
                { params, body: { enabled: !webhook.enabled } },
                webhook.enabled ? 'Switched off' : 'Switched on',
              ),
            )
          }
        >
          {webhook.enabled ? 'Switch off' : 'Switch on'}
        </button>
        <button
          type="button"
          className="button"
          onClick={() =>
            ask({
              title: 'Replace the secret?',
              text: 'For 24 hours, deliveries are signed with both secrets.',
              action: 'Replace secret',
              run: async () =>
                showSecret(await act('rotateWebhookSecret', { params }, 'The secret is replaced')),
            })
          }
        >
          Replace secret
        </button>
        <button
          type="button"
          className="button danger"
          onClick={() =>
            ask({
              title: 'Delete the webhook?',
              text: `${webhook.url} receives no more events. Its deliveries are deleted, too.`,
              action: 'Delete webhook',
              isDangerous: true,
              run: async () => {
                await act('deleteWebhook', { params }, 'The webhook is deleted')
                onGone()
              },
            })
          }
        >
          Delete
        </button>
      </div>
      <section>
        <h3>Deliveries</h3>
        {isLost(deliveriesError, deliveries) && <Failed error={deliveriesError} />}
        {deliveries?.items.length === 0 && <p className="soft">None yet. Send a test.</p>}
        {deliveries?.items.map((each) => (
          <Delivery key={each.id} delivery={each} onReplay={() => replay(each)} />
        ))}
        {deliveries?.next && <p className="soft">Older ones are in the admin API.</p>}
      </section>
    </>
  )
}

function WebhookFacts({ webhook }: { webhook: Webhook }) {
  return (
    <Facts
      facts={[
        ['State', webhook.enabled ? 'on' : 'off'],
        ['Events', webhook.events.includes('*') ? 'all' : webhook.events.join(', ')],
        ...(webhook.failingSince
          ? ([['Failing since', <Time key="failing" at={webhook.failingSince} />]] as [
              string,
              React.ReactNode,
            ][])
          : []),
        ['Since', <Time key="since" at={webhook.createdTime} />],
      ]}
    />
  )
}

function Delivery({ delivery, onReplay }: { delivery: WebhookDelivery; onReplay: () => Promise<unknown> }) {
  const attempt = useAttempt()
  const { type, state, createdTime, attempts, body, nextTime } = delivery
  return (
    <details className="run">
      <summary>
        <Badge kind={kinds[state]}>{state}</Badge> <span className="mono">{type}</span>{' '}
        <span className="soft">
          <Time at={createdTime} />
        </span>
      </summary>
      <ul className="log">
        {attempts.map(({ time, status, error, durationMs, answer }) => (
          <li key={time}>
            <Time at={time} />: {status ?? error} <span className="soft">in {durationMs} ms</span>
            {answer && <Pre>{answer}</Pre>}
          </li>
        ))}
      </ul>
      {nextTime && (
        <p>
          Again <Time at={nextTime} />
        </p>
      )}
      {body && <Pre>{body}</Pre>}
      <button type="button" className="button small" onClick={() => attempt(onReplay)}>
        Send again
      </button>
    </details>
  )
}
