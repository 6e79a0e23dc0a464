// The console: shows the section in the address to operators who are signed in.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  RouterProvider,
} from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { askForFirstScreen } from './ahead.ts'
import { base, Refusal } from './api/client.ts'
import type { SectionEntry } from './sections/catalog.tsx'
import { installation, sections } from './sections/catalog.tsx'
import { SignedIn, useMay } from './session.tsx'
import { Shell, Start } from './shell.tsx'
import { readTheme, setTheme } from './theme.ts'
import { Asked } from './ui/ask.tsx'
import { Noticed } from './ui/notices.tsx'
import { Empty } from './ui/small.tsx'

setTheme(readTheme())

const root = createRootRoute({ component: Shell, notFoundComponent: NoSuchPage })
const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: Start }),
  ...sections.map((entry) =>
    createRoute({
      getParentRoute: () => root,
      path: `/a/$application/${entry.path}`,
      component: guarded(entry),
    }),
  ),
  ...installation.map((entry) =>
    createRoute({ getParentRoute: () => root, path: `/${entry.path}`, component: guarded(entry) }),
  ),
]
const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: `${base}/console`,
  defaultErrorComponent: Broken,
  // Keeps the parameters of the address as strings, even ids that look like numbers.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString()
    return text && `?${text}`
  },
})

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // The server may be on this machine, which needs no network for it.
      networkMode: 'always',
      retry: (failures, error) => failures < 2 && !(error instanceof Refusal),
    },
  },
})

askForFirstScreen(client)

/** Returns a component that shows a section to operators whose role permits it, however they came to its address. */
function guarded({ component: Shown, needs, title }: SectionEntry) {
  return function Guarded() {
    const may = useMay()
    if (may(needs)) return <Shown />
    return <Empty title={title}>Your role does not permit this. An owner can change it.</Empty>
  }
}

/** Shown where a section cannot be drawn, for example because its script is of a version that is not served any more. */
function Broken({ error }: ErrorComponentProps) {
  return (
    <div className="failed">
      <Empty title="This page could not be shown">{String((error as Error)?.message ?? error)}</Empty>
      <p className="again">
        <button type="button" className="button" onClick={() => location.reload()}>
          Reload
        </button>
      </p>
    </div>
  )
}

function NoSuchPage() {
  return <Empty title="Page not found">Choose a page on the left.</Empty>
}

createRoot(document.getElementById('console') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <Noticed>
        <SignedIn>
          <Asked>
            <RouterProvider router={router} />
          </Asked>
        </SignedIn>
      </Noticed>
    </QueryClientProvider>
  </StrictMode>,
)
