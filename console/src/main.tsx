// The console: shows the section in the address to operators who are signed in.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRootRoute, createRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { askForFirstScreen } from './ahead.ts'
import { base, Refusal } from './api/client.ts'
import { installation, sections } from './sections/catalog.tsx'
import { SignedIn } from './session.tsx'
import { Shell, Start } from './shell.tsx'
import { readTheme, setTheme } from './theme.ts'
import { Asked } from './ui/ask.tsx'
import { Noticed } from './ui/notices.tsx'
import { Empty } from './ui/small.tsx'

setTheme(readTheme())

const root = createRootRoute({ component: Shell, notFoundComponent: NoSuchPage })
const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: Start }),
  ...sections.map(({ path, component }) =>
    createRoute({ getParentRoute: () => root, path: `/a/$application/${path}`, component }),
  ),
  ...installation.map(({ path, component }) =>
    createRoute({ getParentRoute: () => root, path: `/${path}`, component }),
  ),
]
const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: `${base}/console`,
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
      retry: (failures, error) => failures < 2 && !(error instanceof Refusal),
    },
  },
})

askForFirstScreen(client)

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
