import type { Presenters } from '#realtime/publish/delivery.ts'
import type { EventType } from '#resources/events.ts'
import { type Ui, uiShapes } from '#resources/ui.ts'
import { presentResource } from '#wire/stompx.ts'

export const applicationEvents: Presenters<
  Extract<EventType, `application.${string}` | `job.${string}` | `function.${string}` | `webhook.${string}`>
> = {
  'job.changed': () => [],
  'function.invoked': () => [],
  'webhook.attempted': () => [],
  'application.ui.updated': ({ applicationId, payload }, { uis }) => {
    const ui = uis.get(applicationId)
    if (!ui) return []
    return (payload.parts as (keyof Ui)[]).map((part) => ({
      to: { everybody: true, topic: part },
      type: `application.${part}.updated`,
      resource: presentResource(uiShapes[part], ui[part]),
    }))
  },
}
