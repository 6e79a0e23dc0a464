// The live events of an application, by a connection that is opened again whenever it was lost.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { addressOf } from './api/client.ts'

export type LiveState = 'connecting' | 'open' | 'paused'

interface Listener {
  kinds: string[]
  /** @param eventId increases with each event */
  onEvent: (kind: string, data: unknown, eventId: string) => void
  /** Called when events may have been missed. */
  onGap: () => void
  onState?: (state: LiveState) => void
}

const [retryMs, retryMsMax] = [2_000, 60_000]

/** Listens to live events, except while it is paused. */
export function useLive(id: number, isPaused: boolean, listener: Listener): void {
  const client = useQueryClient()
  const latest = useRef(listener)
  latest.current = listener
  /** The application that was listened to before a pause. */
  const before = useRef<number>(undefined)
  useEffect(() => {
    if (isPaused) return latest.current.onState?.('paused')
    let source: EventSource
    let timer: ReturnType<typeof setTimeout>
    let waitMs = retryMs
    let wasOpen = before.current === id
    const open = () => {
      latest.current.onState?.('connecting')
      source = new EventSource(addressOf('watchLive', { params: { id } }))
      let isNew = true
      source.onopen = () => {
        // The browser resumes a connection that it opens again itself; a new one begins with new events.
        if (isNew && wasOpen) latest.current.onGap()
        isNew = false
        wasOpen = true
        waitMs = retryMs
        latest.current.onState?.('open')
      }
      source.onerror = () => {
        latest.current.onState?.('connecting')
        if (source.readyState !== EventSource.CLOSED) return
        // The server refused, so the browser gives up. Perhaps the session has ended.
        void client.invalidateQueries({ queryKey: ['session'] })
        timer = setTimeout(open, waitMs)
        waitMs = Math.min(waitMs * 2, retryMsMax)
      }
      source.addEventListener('reset', () => latest.current.onGap())
      for (const kind of latest.current.kinds) {
        source.addEventListener(kind, ({ data, lastEventId }) =>
          latest.current.onEvent(kind, JSON.parse(data), lastEventId),
        )
      }
    }
    open()
    return () => {
      source.close()
      clearTimeout(timer)
      if (wasOpen) before.current = id
    }
  }, [client, id, isPaused])
}
