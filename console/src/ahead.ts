// What the first screen needs is asked for at once, not when what needs it is drawn: each of these waits for the one before.
import type { QueryClient } from '@tanstack/react-query'
import { base } from './api/client.ts'
import { applicationsQuery, readLastApplication } from './application.tsx'
import { intervalOf } from './sections/charts.tsx'
import { askAhead } from './sections/overview.tsx'
import { seemsSignedIn } from './session.tsx'

/** For whom is signed in, of the application of the address or the one looked at last; what is refused is asked again later. */
export function askForFirstScreen(client: QueryClient): void {
  if (!seemsSignedIn()) return
  void client.prefetchQuery(applicationsQuery)
  const { pathname, search } = location
  const path = pathname.slice(`${base}/console`.length)
  const id = path.length > 1 ? Number(/^\/a\/(\d+)\/overview$/.exec(path)?.[1]) : readLastApplication()
  if (Number.isSafeInteger(id)) askAhead(client, id, intervalOf(new URLSearchParams(search).get('interval')))
}
