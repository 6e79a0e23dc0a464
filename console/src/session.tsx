// The session of the signed-in operator, and their permissions.
import { type Query, type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useEffect, useRef, useState } from 'react'
import { ask, base, call, Refusal, setCsrfToken, whenForbidden, whenSignedOut } from './api/client.ts'
import { type AdminSession, operations, type Role } from './api/generated.ts'
import { forgetAllUnsaved } from './functions/drafts.ts'
import { Failed } from './ui/failed.tsx'

const roles: Role[] = ['viewer', 'moderator', 'developer', 'owner']
/** The ways in which operators sign in here: `password`, `oidc`. */
const ways = (document.body.dataset.ways ?? 'password').split(' ')
/** The key under which the end of this browser's session is stored, as far as it is known. */
const signedInKey = 'chatterie-signed-in'
const Session = createContext<AdminSession | undefined>(undefined)

/** Returns the session; only valid inside `SignedIn`. */
export function useSession(): AdminSession {
  const session = use(Session)
  if (!session) throw new Error('Nobody is signed in')
  return session
}

/** Operations that are for operators who are not limited to some applications. */
const ofUnlimited = ['createApplication']

/** Returns a function that tells whether an operation exists and the operator's permissions are sufficient for it. */
export function useMay(): (operation: string) => boolean {
  const { role, applications } = useSession()
  return (operation) => {
    if (applications && ofUnlimited.includes(operation)) return false
    const facts = (operations as Record<string, { role?: Role }>)[operation]
    return facts !== undefined && roles.indexOf(role) >= roles.indexOf(facts.role ?? 'viewer')
  }
}

/** Returns whether there probably is a session; only the server knows. */
export function seemsSignedIn(): boolean {
  return Date.parse(localStorage.getItem(signedInKey) ?? '') > Date.now()
}

/** The session whose pages are kept: the present one, or one that has ended without the operator's doing. */
let kept: AdminSession | undefined

const ofPages = { predicate: ({ queryKey }: Query) => queryKey[0] !== 'session' }

/** Removes the session, and all that was read and typed in it. */
export function forgetSession(client: QueryClient): void {
  kept = undefined
  localStorage.removeItem(signedInKey)
  client.setQueryData(['session'], null)
  forgetPages(client)
}

function forgetPages(client: QueryClient): void {
  client.removeQueries(ofPages)
  forgetAllUnsaved()
}

/** Begins a session, or continues one that had ended: another operator does not see what was read and typed in it. */
function enter(client: QueryClient, session: AdminSession): void {
  if (kept && kept.operator?.id !== session.operator?.id) forgetPages(client)
  kept = session
  setCsrfToken(session.csrfToken)
  localStorage.setItem(signedInKey, session.expiresTime ?? 'yes')
}

/**
 * Shows its children to a signed-in operator, and the sign-in form to others. If a session ends by itself, the form
 * covers the children, so that whatever was typed is there again after the sign-in.
 */
export function SignedIn({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const {
    data: session,
    isPending,
    error,
  } = useQuery({
    queryKey: ['session'],
    queryFn: () => readSession(client),
    staleTime: 0, // asked whenever the operator comes back, who may have signed in in another tab
    retry: false,
  })
  useEffect(() => {
    whenSignedOut(() => {
      localStorage.removeItem(signedInKey)
      client.setQueryData(['session'], null)
    })
    whenForbidden(() => void client.invalidateQueries({ queryKey: ['session'] }))
  }, [client])
  const wasOut = useRef(false)
  useEffect(() => {
    // They could not be read meanwhile. The operator may have signed in in another tab.
    if (session && wasOut.current) void client.invalidateQueries(ofPages)
    wasOut.current = session === null
  }, [client, session])
  if (isPending) return <div className="splash" aria-busy="true" />
  if (session === undefined && error) return <Failed error={error} />
  const signIn = (next: AdminSession) => {
    enter(client, next)
    client.setQueryData(['session'], next)
  }
  const shown = session ?? kept
  if (!shown) {
    return (
      <main className="sign-in">
        <SignIn onDone={signIn} />
      </main>
    )
  }
  return (
    <>
      <Session key={shown.operator?.id} value={shown}>
        {children}
      </Session>
      {!session && <Ended onDone={signIn} />}
    </>
  )
}

/** The sign-in form above everything else. It cannot be closed. */
function Ended({ onDone }: { onDone: (session: AdminSession) => void }) {
  const element = useRef<HTMLDialogElement>(null)
  const open = () => element.current?.showModal()
  useEffect(open, [])
  return (
    <dialog
      ref={element}
      className="sign-in"
      aria-label="Your session has ended"
      onCancel={(event) => event.preventDefault()}
      onClose={open} // browsers do not let a page prevent it twice in a row
    >
      <SignIn note="Your session has ended. Sign in again to go on where you were." onDone={onDone} />
    </dialog>
  )
}

/**
 * Returns null if nobody is signed in. Does not ask the server if nobody can have signed in with this browser.
 * @throws if the server does not say so: then the operator may still be signed in
 */
async function readSession(client: QueryClient): Promise<AdminSession | null> {
  if (!ways.includes('oidc') && !localStorage.getItem(signedInKey)) return null
  const response = await ask(`${base}/admin/v1/session`, { headers: { accept: 'application/json' } })
  if (response.status === 401) {
    localStorage.removeItem(signedInKey)
    return null
  }
  if (!response.ok) throw new Refusal(response.status, {})
  const session: AdminSession = await response.json()
  enter(client, session)
  return session
}

interface SignInProps {
  note?: string
  onDone: (session: AdminSession) => void
}

function SignIn({ note = 'For operators of this installation.', onDone }: SignInProps) {
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const submit = async (form: FormData) => {
    setBusy(true)
    try {
      const body = { username: String(form.get('username')), password: String(form.get('password')) }
      const session = await call('signIn', { body })
      onDone(session)
    } catch (error) {
      const isUnknown = error instanceof Refusal && error.status === 401
      setProblem(isUnknown ? 'The name or the password is wrong.' : String((error as Error).message))
      setBusy(false)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit(new FormData(event.currentTarget))
      }}
    >
      <img src={`${base}/home/icon.svg`} alt="" width="44" height="44" />
      <h1>Chatterie console</h1>
      <p className="soft">{note}</p>
      {ways.includes('password') && <PasswordFields problem={problem} isBusy={isBusy} />}
      {ways.includes('oidc') && (
        <a className="button" href={`${base}/console/sign-in/oidc`} {...(kept && { target: '_blank' })}>
          Single sign-on
        </a>
      )}
    </form>
  )
}

function PasswordFields({ problem, isBusy }: { problem: string; isBusy: boolean }) {
  return (
    <>
      <label>
        Name
        <input name="username" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <p role="alert" className="problem">
        {problem}
      </p>
      <button type="submit" className="button primary" disabled={isBusy}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </button>
      <p className="hint">
        The password of <code>admin</code> is in <code>operator.json</code> in the home folder, unless{' '}
        <code>CHATTERIE_ADMIN_PASSWORD</code> set it.
      </p>
    </>
  )
}
