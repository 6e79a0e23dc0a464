// The section for how long an application keeps its users' content, with a preview of what would be removed.
import { useState } from 'react'
import { call } from '../api/client.ts'
import type { Application, Retention, RetentionPreview, Settings } from '../api/generated.ts'
import { useApplicationId, useGo } from '../application.tsx'
import { useMay } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { useAct, useTell } from '../ui/notices.tsx'
import { count } from '../ui/small.tsx'

const ages = [
  { name: 'messagesDays', title: 'Messages', text: 'In public and private channels.' },
  { name: 'directMessagesDays', title: 'Direct messages', text: 'Kept forever unless set here.' },
  { name: 'filesDays', title: 'Files', text: 'With their messages, in all channels.' },
  {
    name: 'inactiveChannelsDays',
    title: 'Inactive channels',
    text: 'Deleted this long after their last message.',
  },
] as const satisfies { name: keyof Retention; title: string; text: string }[]

type Name = (typeof ages)[number]['name']
type Days = Record<Name, string>

const shown = (retention: Retention) =>
  Object.fromEntries(ages.map(({ name }) => [name, String(retention[name] ?? '')])) as Days

/** Describes in words what would be removed; undefined if nothing would be. */
function losses({ messages, directMessages, files, channels }: RetentionPreview): string | undefined {
  const parts = [
    [messages, 'messages'],
    [directMessages, 'direct messages'],
    [files, 'files'],
    [channels, 'channels'],
  ].filter(([number]) => Number(number) > 0)
  if (parts.length === 0) return undefined
  return parts.map(([number, what]) => `${count(Number(number))} ${what}`).join(', ')
}

interface Props {
  settings: Settings
  counts: Application['counts']
}

export function LifeOfMessages(props: Props) {
  return (
    <section className="card">
      <h2>How long messages are kept</h2>
      <Kept {...props} />
      <Ages key={JSON.stringify(props.settings.retention)} {...props} />
    </section>
  )
}

function Kept({ settings: { messagesPersisted }, counts }: Props) {
  const params = { id: useApplicationId() }
  const may = useMay()
  const ask = useAsk()
  const act = useAct()
  const change = () =>
    ask({
      title: messagesPersisted ? 'Stop keeping messages?' : 'Keep messages again?',
      text: messagesPersisted
        ? `Messages sent from now on are delivered to connected users but not stored, in all ${count(counts.channels)} channels and in those created later. The ${count(counts.messages)} existing messages stay.`
        : `All ${count(counts.channels)} channels keep the messages sent from now on, including channels that were set individually not to keep them.`,
      action: messagesPersisted ? 'Stop keeping' : 'Keep messages',
      isDangerous: messagesPersisted,
      run: () => act('updateSettings', { params, body: { messagesPersisted: !messagesPersisted } }, 'Saved'),
    })
  return (
    <label className="switch">
      <input
        type="checkbox"
        checked={messagesPersisted}
        disabled={!may('updateSettings')}
        onChange={change}
      />
      <span>
        <strong>Messages are kept</strong>
        <span className="soft">
          Otherwise, messages are only delivered: they are in no list and never unread, and users who are away
          miss them. Each channel can override this.
        </span>
      </span>
    </label>
  )
}

function Ages({ settings: { retention } }: Props) {
  const params = { id: useApplicationId() }
  const may = useMay()
  const ask = useAsk()
  const act = useAct()
  const go = useGo()
  const tell = useTell()
  const [days, setDays] = useState(() => shown(retention))
  const isSaved = ages.every(({ name }) => days[name] === shown(retention)[name])
  const isLimited = ages.some(({ name }) => retention[name])
  const save = async () => {
    const given = ages.map(({ name }) => [name, days[name] ? Number(days[name]) : null] as const)
    const body = { retention: Object.fromEntries(given) }
    const done = () => act('updateSettings', { params, body }, 'Saved')
    const query = Object.fromEntries(given.filter(([, value]) => value !== null))
    const lost =
      Object.keys(query).length > 0 &&
      losses(await call('previewRetention', { params, query: query as never }))
    if (!lost) return done()
    ask({
      title: 'Delete older data?',
      text: `Within an hour, ${lost} will be deleted, and from then on everything that becomes as old. This cannot be undone.`,
      action: 'Save and delete',
      isDangerous: true,
      run: done,
    })
  }
  const run = async () => {
    const lost = losses(await call('previewRetention', { params }))
    if (!lost) return tell('Nothing is old enough to be deleted')
    ask({
      title: 'Delete old data now?',
      text: `This deletes ${lost}, with their reactions, reports and notifications. This cannot be undone.`,
      action: 'Delete now',
      isDangerous: true,
      run: async () => {
        const job = await act('runRetention', { params }, 'The deletion has started')
        go(`/a/${params.id}/jobs`, { open: String(job.id) })
      },
    })
  }
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  /** Runs an action and shows its error; counting old content may take long. */
  const attempt = async (what: () => Promise<unknown>) => {
    setProblem('')
    setBusy(true)
    await what().catch((refusal) => setProblem((refusal as Error).message))
    setBusy(false)
  }
  return (
    <form
      className="ages"
      aria-busy={isBusy}
      onSubmit={(event) => {
        event.preventDefault()
        void attempt(save)
      }}
    >
      {ages.map(({ name, title, text }) => (
        <label key={name}>
          <span>
            <strong>{title}</strong>
            <span className="soft">{text}</span>
          </span>
          <input
            type="number"
            min={1}
            max={36_500}
            placeholder="forever"
            aria-label={`${title}, days`}
            value={days[name]}
            disabled={!may('updateSettings')}
            onChange={({ target }) => setDays({ ...days, [name]: target.value })}
          />
          <span className="soft">days</span>
        </label>
      ))}
      <p role="alert" className="problem">
        {problem}
      </p>
      <div className="detail-actions">
        {may('updateSettings') && (
          <button type="submit" className="button" disabled={isSaved || isBusy}>
            Save
          </button>
        )}
        {may('runRetention') && isSaved && isLimited && (
          <button type="button" className="button danger" disabled={isBusy} onClick={() => void attempt(run)}>
            Delete now
          </button>
        )}
      </div>
    </form>
  )
}
