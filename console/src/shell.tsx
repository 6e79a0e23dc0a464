// The frame around every section: the navigation, the choice of an application, the keyboard shortcuts.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { base, call } from './api/client.ts'
import {
  applicationsQuery,
  keepLastApplication,
  readLastApplication,
  useApplicationId,
  useApplications,
  useChoices,
  useGo,
} from './application.tsx'
import { installation, type SectionEntry, sections } from './sections/catalog.tsx'
import { forgetSession, useMay, useSession } from './session.tsx'
import { nextTheme, readTheme, setTheme } from './theme.ts'
import { useAsk } from './ui/ask.tsx'
import { Failed, isLost, OutOfDate } from './ui/failed.tsx'
import { listBindings, useKeys } from './ui/keys.ts'
import { Empty } from './ui/small.tsx'

export function Shell() {
  const [isOpen, setOpen] = useState(false)
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="top">
        <button
          type="button"
          className="button small"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          Menu
        </button>
        <ApplicationName />
      </header>
      <Navigation isOpen={isOpen} onGone={() => setOpen(false)} />
      <main id="main" tabIndex={-1}>
        <OutOfDate />
        <Outlet />
      </main>
    </div>
  )
}

function ApplicationName() {
  const id = useApplicationId()
  const name = useChoices(id || undefined).find((each) => each.id === id)?.name
  return <span className="top-name">{name ?? 'Chatterie'}</span>
}

function Navigation({ isOpen, onGone }: { isOpen: boolean; onGone: () => void }) {
  const { operator, key, role } = useSession()
  const may = useMay()
  const go = useGo()
  const ask = useAsk()
  const client = useQueryClient()
  const [theme, choose] = useState(readTheme)
  const application = useLastApplication()
  const visible = (entries: SectionEntry[]) => entries.filter(({ needs }) => may(needs))
  const inside = application === undefined ? [] : visible(sections)
  const outside = visible(installation)

  const showKeys = () => ask({ title: 'Keyboard shortcuts', text: <KeysHelp /> })
  const signOut = () =>
    ask({
      title: 'Sign out?',
      text: 'All your sessions end, also in other browsers.',
      action: 'Sign out',
      run: async () => {
        await call('signOut')
        forgetSession(client)
      },
    })
  useKeys([
    { keys: '?', label: 'Show keyboard shortcuts', run: showKeys },
    ...inside.map(({ path, title, letter }) => ({
      keys: `g ${letter}`,
      label: `Go to ${title.toLowerCase()}`,
      run: () => void go(`/a/${application}/${path}`),
    })),
    ...outside.map(({ path, title, letter }) => ({
      keys: `g ${letter}`,
      label: `Go to ${title.toLowerCase()}`,
      run: () => void go(`/${path}`),
    })),
  ])
  const link = (path: string, { title, letter }: SectionEntry) => (
    <li key={path}>
      <Link to={path} onClick={onGone} activeOptions={{ includeSearch: false }}>
        {title}
        <span className="keycap" aria-hidden="true">
          g {letter}
        </span>
      </Link>
    </li>
  )
  return (
    <nav id="navigation" className={isOpen ? 'is-open' : ''} aria-label="Console">
      <a className="brand" href={`${base}/console`}>
        <img src={`${base}/home/icon.svg`} alt="" width="24" height="24" />
        Chatterie
      </a>
      <Switcher application={application} />
      {inside.length > 0 && <ul>{inside.map((each) => link(`/a/${application}/${each.path}`, each))}</ul>}
      <p className="nav-title">Installation</p>
      <ul>{outside.map((each) => link(`/${each.path}`, each))}</ul>
      <div className="nav-foot">
        <p>
          {operator?.username ?? key?.name} <span className="soft">{role}</span>
        </p>
        <div className="nav-buttons">
          <button type="button" onClick={showKeys}>
            Keys <kbd>?</kbd>
          </button>
          <button type="button" onClick={() => choose(setTheme(nextTheme(theme)))}>
            Theme: {theme}
          </button>
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        </div>
      </div>
    </nav>
  )
}

function Switcher({ application }: { application: number | undefined }) {
  const applications = useChoices(application)
  const go = useGo()
  const { pathname } = useLocation()
  if (applications.length === 0) return null
  const section = /^\/a\/\d+\/(\w+)/.exec(pathname)?.[1] ?? 'overview'
  return (
    <select
      className="switcher"
      aria-label="Application"
      value={application ?? ''}
      onChange={({ target }) => go(`/a/${target.value}/${section}`)}
    >
      {applications.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}

/** Returns the application in the address, else the last viewed one, else the first. */
function useLastApplication(): number | undefined {
  const id = useApplicationId()
  const applications = useApplications()
  if (id) {
    keepLastApplication(id)
    return id
  }
  const last = readLastApplication()
  return (applications?.find((each) => each.id === last) ?? applications?.[0])?.id
}

/** The start page: redirects to the overview of an application. */
export function Start() {
  const applications = useApplications()
  const { error } = useQuery(applicationsQuery)
  const application = useLastApplication()
  const navigate = useNavigate()
  useEffect(() => {
    if (application !== undefined) navigate({ to: `/a/${application}/overview` as '/', replace: true })
  }, [application, navigate])
  if (isLost(error, applications)) return <Failed error={error} />
  if (!applications) return null
  if (application === undefined)
    return <Empty title="No applications">An owner can create one, or give you access to one.</Empty>
  return <div aria-busy="true" />
}

function KeysHelp() {
  const [bindings] = useState(listBindings)
  const shown = new Map(bindings.map(({ keys, label }) => [keys, label]))
  return (
    <dl className="keys">
      {[...shown].map(([keys, label]) => (
        <div key={keys}>
          <dt>
            {keys.split(' ').map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{label}</dd>
        </div>
      ))}
    </dl>
  )
}
