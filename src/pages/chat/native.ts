// The views of ChatKitty's libraries for Android and iOS, which open the chat as a page of its own and communicate
// through `$flex`: its members are functions of the app, and the app calls the functions in `$flex.web`.
import { Host } from './host.ts'

interface Flex {
  web: Record<string, (data?: unknown) => unknown>
  [name: string]: unknown
}

type WithFlex = { $flex?: Flex; onFlexLoad?: () => void }

/** The functions of the app, by the message type that a page would receive. */
const appNames: Record<string, string> = {
  'chat-ui:connected': 'onChatUiConnected',
  'chat:mounted': 'onChatMounted',
  'chat:header-selected': 'onChatHeaderSelected',
  'chat:menu-action-selected': 'onChatMenuActionSelected',
  'chat:notification-received': 'onChatNotificationReceived',
}

/** Resolves when the app has put `$flex` on the window; never resolves outside an app. */
export async function findApp(): Promise<Host> {
  const flex = await findFlex()
  const { port1, port2 } = new MessageChannel()
  flex.web.initialize = (options) => port1.postMessage({ type: 'chat:initialize', payload: { options } })
  flex.web.onMessage = (message) => port1.postMessage(readMessage(message))
  flex.web.onmessage = flex.web.onMessage // the first libraries for iOS use this name
  port1.onmessage = ({ data }) => {
    const name = appNames[data.type]
    if (name !== undefined) tell(flex, name, data.payload)
    else if (data.type.startsWith('stompx:')) tell(flex, 'postMessage', data)
  }
  return new Host(port2, false)
}

function findFlex(): Promise<Flex> {
  const scope = window as unknown as WithFlex
  if (scope.$flex) return Promise.resolve(scope.$flex)
  return new Promise((resolve) => {
    const { onFlexLoad } = scope
    scope.onFlexLoad = () => {
      onFlexLoad?.()
      if (scope.$flex) resolve(scope.$flex)
    }
  })
}

/** Calls a function of the app if it has it. */
function tell(flex: Flex, name: string, data: unknown): void {
  const call = flex[name]
  if (typeof call === 'function') call.call(flex, data)
}

/** Decodes a message: base64 JSON, or the value itself. Apps send grants as strings, pages as `{ grant }`. */
function readMessage(message: unknown): unknown {
  const read = typeof message === 'string' ? JSON.parse(fromBase64(message)) : message
  if (read?.type === 'stompx:connect.success') {
    for (const name of ['read', 'write']) {
      if (typeof read.payload[name] === 'string') read.payload[name] = { grant: read.payload[name] }
    }
  }
  return read
}

function fromBase64(text: string): string {
  const bytes = Uint8Array.from(atob(text.replace(/\s/g, '')), (character) => character.charCodeAt(0))
  return new TextDecoder().decode(bytes)
}
