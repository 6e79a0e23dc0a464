// Unsaved scripts, kept in memory while other sections of the console are open.
import { useSyncExternalStore } from 'react'

const unsaved = new Map<number, string>()
const listeners = new Set<() => void>()

/** Lets the browser warn before the page is closed, whatever section it shows. */
const warn = (event: BeforeUnloadEvent) => event.preventDefault()

/** Keeps a text, or forgets it. */
export function setUnsaved(functionId: number, text: string | undefined): void {
  if (text === undefined) unsaved.delete(functionId)
  else unsaved.set(functionId, text)
  if (unsaved.size > 0) addEventListener('beforeunload', warn)
  else removeEventListener('beforeunload', warn)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Returns the unsaved text, if it differs from the server's. */
export function useUnsaved(functionId: number): string | undefined {
  return useSyncExternalStore(subscribe, () => unsaved.get(functionId))
}

/** Forgets the text, which has been saved, unless it has been changed meanwhile. */
export function forgetUnsaved(functionId: number, saved: string): void {
  if (unsaved.get(functionId) === saved) setUnsaved(functionId, undefined)
}
