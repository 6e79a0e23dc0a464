// The runs of a function, live.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/client.ts'
import type { FunctionInvocation, FunctionInvocationList, FunctionTrial } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useLive } from '../live.ts'
import { every, Failed, isLost } from '../ui/failed.tsx'
import { Badge, Json, Pre, Time } from '../ui/small.tsx'

const kinds = { RUNNING: 'warn', SUCCEEDED: 'good', FAILED: 'bad' } as const
const shownMax = 50

interface Loaded {
  runs: FunctionInvocation[] | undefined
  error: Error | null
}

/** Returns the runs, loaded once; new ones are added when they end. */
export function useRuns(functionId: number): Loaded {
  const id = useApplicationId()
  const client = useQueryClient()
  const { data, error } = useQuery({
    queryKey: ['listFunctionInvocations', id, functionId],
    queryFn: () =>
      call('listFunctionInvocations', { params: { id, functionId }, query: { limit: shownMax } }),
    refetchInterval: every(30_000),
  })
  const queryKey = ['listFunctionInvocations', id, functionId]
  useLive(id, false, {
    kinds: ['function'],
    onEvent: (_, happened) => {
      const run = happened as FunctionInvocation & { function: { id: number } }
      if (run.function.id !== functionId) return
      client.setQueryData<FunctionInvocationList>(queryKey, (known) => ({
        ...known,
        items: [run, ...(known?.items ?? []).filter((each) => each.id !== run.id)].slice(0, shownMax),
      }))
    },
    onGap: () => void client.invalidateQueries({ queryKey }),
  })
  return { runs: data?.items, error }
}

export function Runs({ runs, error }: Loaded) {
  if (isLost(error, runs)) return <Failed error={error} />
  if (!runs) return <div aria-busy="true" />
  if (runs.length === 0)
    return <p className="soft">It has not run yet. Runs appear here as they happen, with their logs.</p>
  return (
    <div>
      {runs.map((each) => (
        <Run key={each.id} run={each} />
      ))}
    </div>
  )
}

function Run({ run }: { run: FunctionInvocation }) {
  const { status, createdTime, durationMs, logs, args, versionNumber } = run
  const [first] = logs
  return (
    <details className="run">
      <summary>
        <Badge kind={kinds[status]}>{status.toLowerCase()}</Badge> <Time at={createdTime} />{' '}
        <span className="soft">
          version {versionNumber}
          {durationMs !== undefined && `, ${durationMs} ms`}
          {logs.length > 1 && `, ${logs.length} lines`}
        </span>
        {first && <span className={`first-line mono ${first.level}`}>{first.text}</span>}
      </summary>
      <Said said={run} />
      <Json title="Arguments" value={args} />
    </details>
  )
}

/** Shows what a run logged, and its result or error. */
export function Said({ said: { logs, result } }: { said: Pick<FunctionTrial, 'logs' | 'result'> }) {
  const { error, payload } = result as {
    error?: { name?: string; message?: string; stack?: string }
    payload?: unknown
  }
  return (
    <>
      {logs.length > 0 && (
        <ul className="log mono" aria-label="Log">
          {logs.map(({ time, level, text }, index) => (
            <li key={`${time}-${String(index)}`} className={level}>
              {text}
            </li>
          ))}
        </ul>
      )}
      {error && <Pre className="failure">{error.stack ?? `${error.name}: ${error.message}`}</Pre>}
      {payload !== undefined && payload !== null && (
        <section>
          <h3>Returned</h3>
          <Pre>{JSON.stringify(payload, null, 2)}</Pre>
        </section>
      )}
    </>
  )
}
