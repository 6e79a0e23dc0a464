// Keyboard shortcuts, active wherever the focus is, except in text fields.
import { useLayoutEffect, useRef } from 'react'

export interface Binding {
  /** Values of `KeyboardEvent.key`, pressed one after another: `g m`. */
  keys: string
  /** The description shown in the list of shortcuts. */
  label: string
  run: () => void
}

const bound = new Set<Binding>()
const sequenceMs = 1_200
let pending = ''
let pendingSince = 0

/** Returns all current bindings, in the order in which they were added. */
export function listBindings(): Binding[] {
  return [...bound]
}

/** Binds keys while the component is mounted, before the browser paints it, so that no key press is missed. */
export function useKeys(bindings: Binding[]): void {
  const latest = useRef(bindings)
  latest.current = bindings
  const names = bindings.map(({ keys, label }) => `${keys}\n${label}`).join('\n\n')
  useLayoutEffect(() => {
    const mine = names
      .split('\n\n')
      .filter(Boolean)
      .map((name) => {
        const [keys = '', label = ''] = name.split('\n')
        return { keys, label, run: () => latest.current.find((each) => each.keys === keys)?.run() }
      })
    for (const binding of mine) bound.add(binding)
    return () => {
      for (const binding of mine) bound.delete(binding)
    }
  }, [names])
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    Boolean(
      target.closest(
        'input:not([type=radio], [type=checkbox], [type=color]), textarea, select, dialog, [contenteditable], .code',
      ),
    )
  )
}

/** Elements on which Enter has its own effect. */
const takesEnter = 'a, button, summary'

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target))
    return
  if (document.querySelector('dialog:modal')) return // whatever has the focus, the page is behind it
  if (event.key === 'Enter' && (event.target as Element).closest?.(takesEnter)) return
  const isLate = event.timeStamp - pendingSince > sequenceMs
  const pressed = pending && !isLate ? `${pending} ${event.key}` : event.key
  const found = [...bound].findLast(({ keys }) => keys === pressed)
  const isBeginning = !found && [...bound].some(({ keys }) => keys.startsWith(`${pressed} `))
  pending = isBeginning ? pressed : ''
  pendingSince = event.timeStamp
  if (!found) return
  event.preventDefault()
  found.run()
})
