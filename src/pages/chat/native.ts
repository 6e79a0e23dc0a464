// The views of ChatKitty's libraries for Android and iOS, which open the chat as a page of its own and speak through
// `$flex`: functions of the app are its members, and those that the app calls are in `$flex.web`.
import { Host } from './host.ts'

interface Flex {
  web: Record<string, (data?: unknown) => unknown>
  [name: string]: unknown
}

type WithFlex = { $flex?: Flex; onFlexLoad?: () => void }

/** What the app is told, by the type of what a page would be. */
const appNames: Record<string, string> = {
  'chat-ui:connected': 'onChatUiConnected',
  'chat:mounted': 'onChatMounted',
  'chat:header-selected': 'onChatHeaderSelected',
  'chat:menu-action-selected': 'onChatMenuActionSelected',
  'chat:notification-received': 'onChatNotificationReceived',
}

/** Resolves once the app has put its functions on the window, if there is one. */
export async function findApp(): Promise<Host> {
  const flex = await findFlex()
  const { port1, port2 } = new MessageChannel()
  flex.web.initialize = (options) => port1.postMessage({ type: 'chat:initialize', payload: { options } })
  flex.web.onMessage = (message) => port1.postMessage(readMessage(message))
  flex.web.onmessage = flex.web.onMessage // as the first libraries for iOS call it
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

/** Apps need not have all functions. */
function tell(flex: Flex, name: string, data: unknown): void {
  const call = flex[name]
  if (typeof call === 'function') call.call(flex, data)
}

/** JSON in base64, or what it stands for. Grants are said as they are, where a page says `{ grant }`. */
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
