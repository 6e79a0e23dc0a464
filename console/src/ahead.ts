// Prefetches the data of the first screen, whose requests would otherwise run one after another, as parts are rendered.
import type { QueryClient } from '@tanstack/react-query'
import { base } from './api/client.ts'
import { applicationsQuery, readLastApplication } from './application.tsx'
import { intervalOf } from './sections/charts.tsx'
import { askAhead } from './sections/overview.tsx'
import { seemsSignedIn } from './session.tsx'

/** Prefetches for a signed-in operator, for the application in the address or the last one; failures are retried. */
export function askForFirstScreen(client: QueryClient): void {
  if (!seemsSignedIn()) return
  void client.prefetchQuery(applicationsQuery)
  const { pathname, search } = location
  const path = pathname.slice(`${base}/console`.length)
  const id = path.length > 1 ? Number(/^\/a\/(\d+)\/overview$/.exec(path)?.[1]) : readLastApplication()
  if (Number.isSafeInteger(id)) askAhead(client, id, intervalOf(new URLSearchParams(search).get('interval')))
}
