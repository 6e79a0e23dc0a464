// The section in which a function is written, tried, deployed and watched.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { call, Refusal } from '../api/client.ts'
import type { Function as ChatFunction, FunctionDraft, FunctionTrial } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useAsk } from '../ui/ask.tsx'
import { Failed, isLost, isMissing } from '../ui/failed.tsx'
import { useFilters } from '../ui/filters.tsx'
import { useKeys } from '../ui/keys.ts'
import { useAct, useAttempt } from '../ui/notices.tsx'
import { Badge, Time } from '../ui/small.tsx'
import { noteSaved, setUnsaved, useUnsaved } from './drafts.ts'
import { Runs, Said, useRuns } from './runs.tsx'
import { Versions } from './versions.tsx'

const Editor = lazy(() => import('./editor.tsx'))
const template = 'async function handleEvent(event, context) {\n  console.log(event)\n}\n'
const tabs = { try: 'Try', versions: 'Versions', runs: 'Runs' } as const
type Tab = keyof typeof tabs

export function Workbench({ functionId, onClose }: { functionId: number; onClose: () => void }) {
  const id = useApplicationId()
  const params = { id, functionId }
  const { data: chatFunction, error } = useQuery({
    queryKey: ['retrieveFunction', id, functionId],
    queryFn: () => call('retrieveFunction', { params }),
  })
  const { data: draft, error: draftError } = useQuery({
    queryKey: ['retrieveFunctionDraft', id, functionId],
    queryFn: () => call('retrieveFunctionDraft', { params }),
  })
  useEffect(() => {
    if (isMissing(error)) setUnsaved(functionId, undefined)
  }, [error, functionId])
  if (isLost(error, chatFunction)) return <Failed error={error} what="Function" />
  if (isLost(draftError, draft)) return <Failed error={draftError} />
  if (!chatFunction || !draft) return <div aria-busy="true" />
  return <Bench chatFunction={chatFunction} draft={draft} onClose={onClose} />
}

interface BenchProps {
  chatFunction: ChatFunction
  draft: FunctionDraft
  onClose: () => void
}

function Bench({ chatFunction, draft, onClose }: BenchProps) {
  const { id: functionId, name, type, enabled, currentVersionNumber } = chatFunction
  const id = useApplicationId()
  const params = { id, functionId }
  const ask = useAsk()
  const act = useAct()
  const attempt = useAttempt()
  const attemptSave = useAttempt()
  const client = useQueryClient()
  const { search, change } = useFilters()
  const tab: Tab = search.tab && search.tab in tabs ? (search.tab as Tab) : 'try'
  const loaded = useRuns(functionId)
  const unsaved = useUnsaved(functionId)
  const saved = draft.handlerScript || template
  const text = unsaved?.text ?? saved
  const trial = useTrial(functionId, text)

  /** Shows the saved draft at once, instead of the previous one until the query is refetched; keeps what was typed since. */
  const keep = (next: FunctionDraft) => {
    client.setQueryData(['retrieveFunctionDraft', id, functionId], next)
    noteSaved(functionId, text, next.tag)
  }
  const edit = (next: string) =>
    setUnsaved(functionId, next === saved ? undefined : { replaces: draft.tag, ...unsaved, text: next })
  const saveOver = async (replaces: string) =>
    keep(
      await act(
        'saveFunctionDraft',
        { params, body: { handlerScript: text, replaces } },
        'The draft is saved',
      ),
    )
  const save = () =>
    attemptSave(async () => {
      try {
        await saveOver(unsaved?.replaces ?? draft.tag)
      } catch (error) {
        if (!(error instanceof Refusal && error.status === 409)) throw error
        askToReplace(await call('retrieveFunctionDraft', { params }))
      }
    })
  const askToReplace = ({ handlerScript, tag }: FunctionDraft) =>
    ask({
      title: 'Replace the draft of somebody else?',
      text: (
        <>
          <p>It was changed since you opened it. If you replace it, this script is lost:</p>
          <pre>{handlerScript}</pre>
        </>
      ),
      action: 'Replace',
      isDangerous: true,
      run: () => saveOver(tag),
    })
  const deploy = () =>
    ask({
      title: `Deploy version ${currentVersionNumber + 1}?`,
      text: `It then runs whenever ${type} happens. Earlier versions are kept and can be deployed again.`,
      action: 'Deploy',
      run: async () => {
        await act('deployFunction', { params, body: { handlerScript: text } }, 'The version is deployed')
        keep(await call('retrieveFunctionDraft', { params }))
      },
    })
  const tryIt = () => {
    change({ tab: undefined, version: undefined })
    void trial.run()
  }
  useKeys([
    { keys: 'Escape', label: 'Back to the list', run: onClose },
    { keys: 't', label: 'Try the script', run: tryIt },
    { keys: 's', label: 'Save the draft', run: () => void save() },
    { keys: 'd', label: 'Deploy', run: deploy },
  ])
  useEffect(() => {
    document.title = `${name} · Chatterie`
  }, [name])

  return (
    <div className="workbench">
      <header className="head">
        <div>
          <h1>{name}</h1>
          <p className="soft">
            <span className="mono">{type}</span>{' '}
            {currentVersionNumber > 0 ? `version ${currentVersionNumber} runs` : 'nothing is deployed yet'}{' '}
            {!enabled && <Badge>off</Badge>}
          </p>
        </div>
        <div className="actions">
          <span className="soft" role="status">
            {unsaved !== undefined ? (
              'Not saved'
            ) : draft.savedTime ? (
              <>
                Draft of <Time at={draft.savedTime} />
              </>
            ) : (
              ''
            )}
          </span>
          <button type="button" className="button" onClick={tryIt} disabled={trial.isBusy}>
            {trial.isBusy ? 'Running…' : 'Try'} <kbd>t</kbd>
          </button>
          <button type="button" className="button" onClick={() => void save()}>
            Save <kbd>s</kbd>
          </button>
          <button type="button" className="button primary" onClick={deploy}>
            Deploy <kbd>d</kbd>
          </button>
          <button
            type="button"
            className="button"
            onClick={() =>
              attempt(() =>
                act(
                  'updateFunction',
                  { params, body: { enabled: !enabled } },
                  enabled ? 'Switched off' : 'Switched on',
                ),
              )
            }
          >
            {enabled ? 'Switch off' : 'Switch on'}
          </button>
          <button type="button" className="button" onClick={onClose}>
            All functions
          </button>
        </div>
      </header>
      <Suspense fallback={<div className="code" aria-busy="true" />}>
        <Editor
          label={`Script of ${name}`}
          text={text}
          event={trial.event}
          onChange={edit}
          onSave={() => void save()}
          onTry={tryIt}
        />
      </Suspense>
      <section className="bench-side" aria-label="Try, versions and runs">
        <Tabs tab={tab} onChoose={(next) => change({ tab: next === 'try' ? undefined : next })} />
        {tab === 'try' && <Trial trial={trial} lastGiven={loaded.runs?.[0]?.args} />}
        {tab === 'versions' && <Versions functionId={functionId} text={text} onTake={edit} />}
        {tab === 'runs' && <Runs {...loaded} />}
      </section>
    </div>
  )
}

function Tabs({ tab, onChoose }: { tab: Tab; onChoose: (tab: Tab) => void }) {
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">Side panel</legend>
      {(Object.keys(tabs) as Tab[]).map((each) => (
        <label key={each}>
          <input type="radio" name="tab" checked={each === tab} onChange={() => onChoose(each)} />
          <span>{tabs[each]}</span>
        </label>
      ))}
    </fieldset>
  )
}

interface TrialState {
  eventText: string
  setEventText: (text: string) => void
  event: unknown
  isBusy: boolean
  problem: string
  outcome: FunctionTrial | undefined
  run: () => Promise<void>
  useSample: () => void
}

function useTrial(functionId: number, handlerScript: string): TrialState {
  const id = useApplicationId()
  const { data: sample } = useQuery({
    queryKey: ['retrieveSampleEvent', id, functionId],
    queryFn: () => call('retrieveSampleEvent', { params: { id, functionId } }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [typed, setTyped] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const [outcome, setOutcome] = useState<FunctionTrial>()
  const eventText = typed ?? (sample ? JSON.stringify(sample.event, null, 2) : '')
  const event = parsed(eventText)
  const run = async () => {
    if (isBusy) return
    setOutcome(undefined)
    if (event === undefined) return setProblem('The event is not a JSON object.')
    setProblem('')
    setBusy(true)
    try {
      const body = { handlerScript, event: event as Record<string, unknown> }
      setOutcome(await call('tryFunction', { params: { id, functionId }, body }))
    } catch (error) {
      setProblem((error as Error).message)
    } finally {
      setBusy(false)
    }
  }
  return {
    eventText,
    setEventText: setTyped,
    event: event ?? sample?.event,
    isBusy,
    problem,
    outcome,
    run,
    useSample: () => setTyped(undefined),
  }
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function Trial({ trial, lastGiven }: { trial: TrialState; lastGiven: unknown }): ReactNode {
  const { eventText, setEventText, problem, outcome, isBusy, useSample } = trial
  return (
    <>
      <div className="event">
        <label htmlFor="event">Event</label>
        <textarea
          id="event"
          className="mono"
          rows={12}
          spellCheck={false}
          value={eventText}
          onChange={({ target }) => setEventText(target.value)}
        />
      </div>
      <div className="detail-actions">
        <button type="button" className="button small" onClick={useSample}>
          Sample
        </button>
        {lastGiven !== undefined && (
          <button
            type="button"
            className="button small"
            onClick={() => setEventText(JSON.stringify(lastGiven, null, 2))}
          >
            Event of the last run
          </button>
        )}
      </div>
      <p className="hint">
        Nothing is deployed, but requests of the script to the API take effect. <kbd>Ctrl</kbd>{' '}
        <kbd>Enter</kbd> runs it from the editor.
      </p>
      <p role="alert" className="problem">
        {problem}
      </p>
      {isBusy && <div aria-busy="true" />}
      {outcome && (
        <section className="outcome" aria-label="Result" aria-live="polite">
          <h3>
            <Badge kind={outcome.status === 'SUCCEEDED' ? 'good' : 'bad'}>
              {outcome.status.toLowerCase()}
            </Badge>{' '}
            in {outcome.durationMs} ms
          </h3>
          <Said said={outcome} />
        </section>
      )}
    </>
  )
}
