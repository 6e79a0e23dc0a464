// Errors of requests for data: in place of what could not be loaded, and above what could not be refreshed.
import { type Query, type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { Refusal } from '../api/client.ts'
import { Empty } from './small.tsx'

const retryMs = 10_000
const refocusFrames = 120

export const isMissing = (error: unknown) => error instanceof Refusal && error.status === 404

/** Whether an error takes the place of data: there is none, or what it describes does not exist any more. */
export function isLost(error: Error | null, data: unknown): error is Error {
  return error !== null && (data === undefined || isMissing(error))
}

/** The interval at which what has been loaded is refetched. What has not, would flicker beside its error. */
export const every = (ms: number) => (query: { state: { data: unknown } }) =>
  query.state.data === undefined ? false : ms

/** Shown in place of data; `what` names it, in case that it does not exist. */
export function Failed({ error, what }: { error: Error; what?: string }) {
  const client = useQueryClient()
  const isGone = what !== undefined && isMissing(error)
  return (
    <div className="failed" role="alert">
      <Empty title={isGone ? `${what} not found` : 'This could not be loaded'}>{error.message}</Empty>
      {!isGone && (
        <p className="again">
          <button type="button" className="button" onClick={() => void tryAgain(client)}>
            Try again
          </button>
        </p>
      )}
    </div>
  )
}

/** Queries on the page that failed last. */
const failed = { type: 'active', predicate: ({ state }: Query) => state.status === 'error' } as const
/** Those of them whose data is still shown. */
const outOfDate = {
  type: 'active',
  predicate: ({ state }: Query) => state.status === 'error' && !isLost(state.error, state.data),
} as const

/** Refetches what failed. If that takes the focused button away, the focus goes to the next one, or to the page. */
async function tryAgain(client: QueryClient): Promise<void> {
  await client.refetchQueries(failed)
  refocus(client, refocusFrames)
}

/** Moves a lost focus, once the page shows what has become of the queries, or after this many frames. */
function refocus(client: QueryClient, frames: number): void {
  requestAnimationFrame(() => {
    const button = document.querySelector<HTMLElement>('.again button, .out-of-date button')
    const hasFailed = client.getQueryCache().findAll(failed).length > 0
    if (hasFailed !== (button !== null) && frames > 0) return refocus(client, frames - 1)
    if (document.activeElement !== document.body) return
    const next = button ?? document.querySelector<HTMLElement>('#main')
    next?.focus()
  })
}

/** Says that what is shown may be out of date, and why; tries again unless the server refused. */
export function OutOfDate() {
  const client = useQueryClient()
  const subscribe = useCallback(
    (listener: () => void) => client.getQueryCache().subscribe(listener),
    [client],
  )
  const error = useSyncExternalStore(
    subscribe,
    () => client.getQueryCache().findAll(outOfDate)[0]?.state.error ?? undefined,
  )
  const isRefused = error instanceof Refusal && error.status < 500
  const isRetried = error !== undefined && !isRefused
  useEffect(() => {
    if (!isRetried) return
    const timer = setInterval(() => void client.refetchQueries(outOfDate), retryMs)
    return () => clearInterval(timer)
  }, [client, isRetried])
  return (
    <div role="status">
      {error && (
        <p className="out-of-date">
          This may be out of date. {error.message}{' '}
          <button type="button" className="button small" onClick={() => void tryAgain(client)}>
            Try again
          </button>
        </p>
      )}
    </div>
  )
}
