// Notices of completed actions, shown briefly at the edge of the window, with a button to undo where possible.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useCallback, useRef, useState } from 'react'
import { call, type Input, type Operation } from '../api/client.ts'
import { useKeys } from './keys.ts'

const shownMs = 5_000
/** Long enough to reconsider, or to read what went wrong. */
const longMs = 15_000

/** Reverts the action. */
type Undo = () => Promise<unknown>
type Tell = (text: string, undo?: Undo, isBad?: boolean) => void

interface Notice {
  id: number
  text: string
  undo?: Undo | undefined
  isBad?: boolean | undefined
}

const Telling = createContext<Tell>(() => {})

export function Noticed({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([])
  const lastId = useRef(0)
  const drop = useCallback((id: number) => setNotices((all) => all.filter((each) => each.id !== id)), [])
  const tell = useCallback<Tell>(
    (text, undo, isBad) => {
      const id = lastId.current++
      setNotices((all) => [...all.slice(-2), { id, text, undo, isBad }])
      setTimeout(() => drop(id), undo || isBad ? longMs : shownMs)
    },
    [drop],
  )
  const takeBack = async ({ id, undo }: Notice) => {
    drop(id)
    await undo?.().catch(errorsTo(tell))
  }
  const last = notices.findLast(({ undo }) => undo)
  useKeys(last ? [{ keys: 'z', label: 'Undo', run: () => void takeBack(last) }] : [])
  return (
    <Telling value={tell}>
      {children}
      <div className="notices" role="status">
        {notices.map((notice) => (
          <p key={notice.id} className={notice.isBad ? 'is-bad' : ''}>
            {notice.text}
            {notice.undo && (
              <button type="button" onClick={() => void takeBack(notice)}>
                Undo {notice === last && <kbd>z</kbd>}
              </button>
            )}
          </p>
        ))}
      </div>
    </Telling>
  )
}

export const useTell = () => use(Telling)

const errorsTo = (tell: Tell) => (error: unknown) => tell((error as Error).message, undefined, true)
/** Returns a function that shows an error as a notice. */
export const useTellError = () => errorsTo(useTell())

/** Returns a function that performs an action and tells its error. It ignores calls while the action is in progress. */
export function useAttempt() {
  const tellError = useTellError()
  const isBusy = useRef(false)
  return async (what: () => Promise<unknown>) => {
    if (isBusy.current) return
    isBusy.current = true
    await what().catch(tellError)
    isBusy.current = false
  }
}

/** Returns a function that refetches everything shown. */
export function useRefresh() {
  const client = useQueryClient()
  return () => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
}

/**
 * Returns a function that calls an operation that changes something, refetches everything shown except what was
 * deleted, and shows `done` as a notice, with a button to undo if possible.
 */
export function useAct() {
  const client = useQueryClient()
  const tell = useTell()
  return async <O extends Operation>(operation: O, input: Input<O>, done: string, undo?: Undo) => {
    const answer = await call(operation, input)
    tell(done, undo)
    const goneId = /^(delete|erase)/.test(operation) ? Object.values(input.params ?? {}).at(-1) : undefined
    client.invalidateQueries({
      predicate: ({ queryKey }) =>
        queryKey[0] !== 'session' && (goneId === undefined || queryKey.at(-1) !== goneId),
    })
    return answer
  }
}
