// The page that shows the chat in a frame, as loadChatUi has it (runtime contract 10.2). It is told that we are here,
// and hands over the port on which all else is said.
import type { Elements } from './elements.ts'
import type { Styles } from './resources.ts'

/** What the page asked loadChatUi for. */
export interface HostOptions {
  username: string
  theme?: 'light' | 'dark'
  styles?: Partial<Styles>
  elements?: Elements
  authentication?: { type: string; params?: unknown }
  profile?: { displayName?: string; displayPicture?: string }
  /** Of the views on phones: whether the app has a connection. */
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

/** By the type of what the page says. */
interface Orders {
  'chat:initialize': { options: HostOptions }
  'chat:strings-set': { strings: Record<string, string> }
  'chat:audio-set': { audio: Sounds }
  'chat:menu-actions-set': { actions: MenuAction[] }
  'chat:unmount': object
}

export class Host {
  readonly port: MessagePort
  /** Whether its port leads to a connection of its own, or we are to open one. */
  isShared: boolean
  /** Whether what goes through the port is written as JSON. */
  readonly isNative: boolean
  readonly #handlers = new Map<string, (payload: never) => void>()

  /** @param origin of the page, where there is one */
  constructor(port: MessagePort, isShared: boolean, origin?: string) {
    this.port = port
    this.isShared = isShared
    this.isNative = origin === undefined
    port.addEventListener('message', ({ data }) => this.#handlers.get(data?.type)?.(data.payload as never))
    port.start()
    if (origin === undefined) return
    // A frame that is loaded anew gets the port again.
    addEventListener('pagehide', () => parent.postMessage('chatkitty:chat-ui-unload', origin, [port]))
  }

  on<T extends keyof Orders>(type: T, handle: (payload: Orders[T]) => void): void {
    this.#handlers.set(type, handle)
  }

  /** Says that we are ready, and resolves with what is wanted. */
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

/** Resolves when the page has answered, which it does if it is one that called loadChatUi. */
export function findHost(): Promise<Host> {
  return new Promise((resolve) => {
    addEventListener('message', function connect({ data, ports, source, origin }) {
      const [port] = ports
      // @chatkitty/ui, which came before loadChatUi of @chatkitty/core, says no more than this.
      const isOld = data === 'connect'
      if (source !== parent || !(isOld || data?.type === 'chat-ui:connect') || !port) return
      removeEventListener('message', connect)
      resolve(new Host(port, !isOld && data.payload?.connection === 'shared', origin))
    })
    parent.postMessage('chatkitty:chat-ui-mounted', '*') // that a chat is here is no secret
  })
}
