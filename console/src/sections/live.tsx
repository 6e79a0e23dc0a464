// The section with live events of an application.
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import type {
  ChatUserSessionProperties,
  FunctionInvocation,
  Job,
  MessageProperties,
  WebhookDelivery,
} from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { type LiveState, useLive } from '../live.ts'
import { useKeys } from '../ui/keys.ts'
import { Section } from '../ui/pane.tsx'
import { Badge, Empty, Time } from '../ui/small.tsx'
import { authorOf, textOf } from './messages.tsx'

interface Happening {
  key: string
  at: string
  kind: string
  text: ReactNode
}

const keptMax = 300

/** Returns when an event happened, which may be before it arrived; not all kinds say so. */
function timeOf(kind: string, data: unknown): string {
  const { createdTime, endedTime, attempts } = data as {
    createdTime?: string
    endedTime?: string
    attempts?: { time: string }[]
  }
  const known = {
    message: createdTime,
    session: createdTime,
    job: endedTime,
    webhook: attempts?.at(-1)?.time,
  }
  return known[kind as keyof typeof known] ?? new Date().toISOString()
}

/** Renders each kind of event, by its name. */
const readers: Record<string, (data: never, id: number) => ReactNode> = {
  message: (message: MessageProperties, id) => (
    <>
      <strong>{authorOf(message)}</strong>{' '}
      <Link to={`/a/${id}/messages` as '/'} search={{ open: String(message.id) } as never}>
        {textOf(message)}
      </Link>
    </>
  ),
  'message.deleted': (message: { id: number }) => <>Message {message.id} was deleted</>,
  session: ({ user }: ChatUserSessionProperties, id) => (
    <>
      <Link to={`/a/${id}/users` as '/'} search={{ open: String(user.id) } as never}>
        {user.displayName}
      </Link>{' '}
      connected
    </>
  ),
  job: ({ id: jobId, type, state, processed }: Job, id) => (
    <>
      <Link to={`/a/${id}/jobs` as '/'} search={{ open: String(jobId) } as never}>
        {type.toLowerCase().replaceAll('_', ' ')}
      </Link>{' '}
      {state.toLowerCase()}, {processed} done
    </>
  ),
  webhook: ({ webhook, type, state }: WebhookDelivery & { webhook: { id: number; url: string } }, id) => (
    <>
      <Link to={`/a/${id}/webhooks` as '/'} search={{ open: String(webhook.id) } as never}>
        {webhook.url}
      </Link>{' '}
      was told {type}: {state}
    </>
  ),
  function: (
    {
      function: { id: functionId, name },
      status,
    }: FunctionInvocation & { function: { id: number; name: string } },
    id,
  ) => (
    <>
      <Link to={`/a/${id}/functions` as '/'} search={{ open: String(functionId) } as never}>
        {name}
      </Link>{' '}
      {status.toLowerCase()}
    </>
  ),
}

export function Live() {
  const id = useApplicationId()
  const [happened, setHappened] = useState<Happening[]>([])
  const [state, setState] = useState<LiveState>('connecting')
  const [isPaused, setPaused] = useState(false)
  useEffect(() => {
    setHappened([])
    void id
  }, [id])
  const add = (happening: Happening) => setHappened((all) => [happening, ...all].slice(0, keptMax))
  useLive(id, isPaused, {
    kinds: Object.keys(readers),
    onState: setState,
    onEvent: (kind, data, eventId) =>
      add({
        key: `${eventId}-${kind}`,
        at: timeOf(kind, data),
        kind,
        text: readers[kind]?.(data as never, id),
      }),
    onGap: () => {
      const at = new Date().toISOString()
      add({ key: `gap-${at}`, at, kind: 'gap', text: 'What happened before this may be missing.' })
    },
  })
  useKeys([{ keys: 'p', label: 'Pause or resume', run: () => setPaused(!isPaused) }])
  const labels = { connecting: 'Connecting…', open: 'Live', paused: 'Paused' }
  return (
    <Section
      title="Live"
      actions={
        <>
          <Badge kind={state === 'open' ? 'good' : ''}>{labels[state]}</Badge>
          <button type="button" className="button" onClick={() => setPaused(!isPaused)}>
            {isPaused ? 'Resume' : 'Pause'} <kbd>p</kbd>
          </button>
        </>
      }
    >
      {happened.length === 0 ? (
        <div className="list">
          <Empty title="Listening">
            Messages, sign-ins, jobs, function runs and webhook deliveries appear here as they happen.
          </Empty>
        </div>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable by keyboard
        <section className="list" aria-label="Events, newest first" tabIndex={0}>
          <ol className="feed">
            {happened.map(({ key, at, kind, text }) => (
              <li key={key}>
                <Time at={at} />
                <Badge>{kind}</Badge>
                <span className="said">{text}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </Section>
  )
}
