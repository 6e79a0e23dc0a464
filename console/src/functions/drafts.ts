// Unsaved scripts, kept in memory while other sections of the console are open.
import { useSyncExternalStore } from 'react'

interface Unsaved {
  text: string
  /** The tag of the draft that is being edited, which others may have replaced meanwhile. */
  replaces: string
}

const unsaved = new Map<number, Unsaved>()
const listeners = new Set<() => void>()

/** Lets the browser warn before the page is closed, whatever section it shows. */
const warn = (event: BeforeUnloadEvent) => event.preventDefault()

/** Keeps a text, or forgets it. */
export function setUnsaved(functionId: number, edited: Unsaved | undefined): void {
  if (edited === undefined) unsaved.delete(functionId)
  else unsaved.set(functionId, edited)
  if (unsaved.size > 0) addEventListener('beforeunload', warn)
  else removeEventListener('beforeunload', warn)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Forgets all texts, which another operator must not see. */
export function forgetAllUnsaved(): void {
  for (const functionId of [...unsaved.keys()]) setUnsaved(functionId, undefined)
}

/** Returns the unsaved text, if it differs from the server's. */
export function useUnsaved(functionId: number): Unsaved | undefined {
  return useSyncExternalStore(subscribe, () => unsaved.get(functionId))
}

/** Forgets the text, which has been saved; if it has been changed meanwhile, that is a change of what was saved. */
export function noteSaved(functionId: number, saved: string, tag: string): void {
  const edited = unsaved.get(functionId)
  if (edited) setUnsaved(functionId, edited.text === saved ? undefined : { ...edited, replaces: tag })
}
