// Unsaved scripts, kept in memory while other sections of the console are open.
import { useEffect, useSyncExternalStore } from 'react'

const unsaved = new Map<number, string>()
const listeners = new Set<() => void>()

function set(functionId: number, text: string | undefined): void {
  if (text === undefined) unsaved.delete(functionId)
  else unsaved.set(functionId, text)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Returns the unsaved text, if it differs from the server's; the browser warns before the page is closed. */
export function useUnsaved(functionId: number) {
  const text = useSyncExternalStore(subscribe, () => unsaved.get(functionId))
  useEffect(() => {
    if (text === undefined) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [text])
  return { unsaved: text, setUnsaved: (next: string | undefined) => set(functionId, next) }
}
