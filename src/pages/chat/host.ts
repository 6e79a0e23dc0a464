// The page that embeds the chat by loadChatUi (runtime contract 10.2). The chat announces itself to the page, which
// then transfers the port for all further messages.
import type { Elements } from './elements.ts'
import type { Styles } from './resources.ts'

/** The options that the page passed to loadChatUi. */
export interface HostOptions {
  username: string
  theme?: 'light' | 'dark'
  styles?: Partial<Styles>
  elements?: Elements
  authentication?: { type: string; params?: unknown }
  profile?: { displayName?: string; displayPicture?: string }
  /** Sent by the views on phones: whether the app has a connection. */
  clientSpecification?: { connection?: string }
  apiConnectionType?: string
  route?:
    | { name: 'direct-messages'; users: string[]; allowNavigation?: boolean }
    | { name: 'channel'; channel: string; allowNavigation?: boolean }
    | { name: 'event'; event: string }
}

interface MenuAction {
  name: string
  title: string
}

interface Sounds {
  enabled?: boolean
  sounds?: Record<string, { src?: string; muted?: boolean } | undefined>
}

/** The messages of the page, by type. */
interface Orders {
  'chat:initialize': { options: HostOptions }
  'chat:strings-set': { strings: Record<string, string> }
  'chat:audio-set': { audio: Sounds }
  'chat:menu-actions-set': { actions: MenuAction[] }
  'chat:unmount': object
}

export class Host {
  readonly port: MessagePort
  /** Whether the port leads to a connection of the page; otherwise the chat opens one. */
  isShared: boolean
  /** Whether messages through the port are serialized as JSON. */
  readonly isNative: boolean
  readonly #handlers = new Map<string, (payload: never) => void>()

  /** @param origin of the page, if there is one */
  constructor(port: MessagePort, isShared: boolean, origin?: string) {
    this.port = port
    this.isShared = isShared
    this.isNative = origin === undefined
    port.addEventListener('message', ({ data }) => this.#handlers.get(data?.type)?.(data.payload as never))
    port.start()
    if (origin === undefined) return
    // A reloaded frame gets the port again.
    addEventListener('pagehide', () => parent.postMessage('chatkitty:chat-ui-unload', origin, [port]))
  }

  on<T extends keyof Orders>(type: T, handle: (payload: Orders[T]) => void): void {
    this.#handlers.set(type, handle)
  }

  /** Announces that the chat is ready, and resolves with the options. */
  initialized(): Promise<HostOptions> {
    return new Promise((resolve) => {
      this.on('chat:initialize', ({ options }) => {
        const { clientSpecification, apiConnectionType } = options
        if (this.isNative) this.isShared = (clientSpecification?.connection ?? apiConnectionType) === 'shared'
        resolve(options)
      })
      this.say('chat-ui:connected')
    })
  }

  say(type: string, payload: object = {}): void {
    this.port.postMessage({ type, payload })
  }
}

/** Resolves when the page has answered, which it does only if it called loadChatUi. */
export function findHost(): Promise<Host> {
  return new Promise((resolve) => {
    addEventListener('message', function connect({ data, ports, source, origin }) {
      const [port] = ports
      // @chatkitty/ui, which preceded loadChatUi of @chatkitty/core, sends only this string.
      const isOld = data === 'connect'
      if (source !== parent || !(isOld || data?.type === 'chat-ui:connect') || !port) return
      removeEventListener('message', connect)
      resolve(new Host(port, !isOld && data.payload?.connection === 'shared', origin))
    })
    parent.postMessage('chatkitty:chat-ui-mounted', '*') // the presence of a chat is no secret
  })
}
