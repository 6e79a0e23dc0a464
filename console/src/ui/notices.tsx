// What was done, said for a moment at the edge of the window.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useCallback, useState } from 'react'
import { call, type Input, type Operation } from '../api/client.ts'

const shownMs = 5_000
const Telling = createContext<(text: string) => void>(() => {})

export function Noticed({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<{ id: number; text: string }[]>([])
  const tell = useCallback((text: string) => {
    const id = performance.now()
    setNotices((all) => [...all.slice(-2), { id, text }])
    setTimeout(() => setNotices((all) => all.filter((each) => each.id !== id)), shownMs)
  }, [])
  return (
    <Telling value={tell}>
      {children}
      <div className="notices" role="status">
        {notices.map(({ id, text }) => (
          <p key={id}>{text}</p>
        ))}
      </div>
    </Telling>
  )
}

export const useTell = () => use(Telling)

/** Reads everything that is shown anew. */
export function useRefresh() {
  const client = useQueryClient()
  return () => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
}

/**
 * Calls an operation that changes something; then everything that is shown is read anew, but for what
 * is gone, and `done` is said.
 */
export function useAct() {
  const client = useQueryClient()
  const tell = useTell()
  return async <O extends Operation>(operation: O, input: Input<O>, done: string) => {
    const answer = await call(operation, input)
    tell(done)
    const goneId = operation.startsWith('delete') ? Object.values(input.params ?? {}).at(-1) : undefined
    client.invalidateQueries({
      predicate: ({ queryKey }) =>
        queryKey[0] !== 'session' && (goneId === undefined || queryKey.at(-1) !== goneId),
    })
    return answer
  }
}
