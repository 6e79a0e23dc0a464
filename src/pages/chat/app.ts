// The chat in a page's frame, put together: the page that wants it, the connection, the settings and the view.
import { connectApi } from '@chatkitty/core'
import { Chat } from './chat.ts'
import { dress } from './dress.ts'
import type { Elements } from './elements.ts'
import { findHost, type Host, type HostOptions } from './host.ts'
import { findApp } from './native.ts'
import type { Features, Styles } from './resources.ts'
import { StompX } from './stompx.ts'
import { setStrings } from './strings.ts'
import { draw, drawNotice, type Menu } from './view.ts'

const element = document.querySelector<HTMLElement>('#chat') as HTMLElement // page.html has it
const asked = new URLSearchParams(location.search)

/** A connection, as the official client gives it; the port is what it has for chat interfaces. */
type Connection = Awaited<ReturnType<typeof connectApi>> & { attach(port: MessagePort): void }

if (parent === window) {
  drawNotice(element, 'This is the chat that loadChatUi shows in a page of yours, and apps in a view.')
  void findApp().then(show)
} else {
  await show(await findHost())
}

async function show(host: Host): Promise<void> {
  try {
    await run(host, await host.initialized())
  } catch (error) {
    drawNotice(element, `The chat is not available: ${error instanceof Error ? error.message : error}`)
    host.on('chat:unmount', () => host.say('chat:unmounted'))
  }
}

async function run(host: Host, options: HostOptions): Promise<void> {
  const settings = await readSettings()
  const { port, close } = await connect(host, options, settings.apiKey)
  const stompx = new StompX(port, !(host.isNative && host.isShared))
  const menu = menuOf(host, options)
  const sounds: Sounds = new Map()
  const redraw = () => draw(element, chat, menu)
  const chat = new Chat(stompx, await stompx.connect(), settings.features, {
    change: redraw,
    message: (what) =>
      void sounds
        .get(`chat:message_${what}`)
        ?.play()
        .catch(() => {}),
  })
  chat.elements.set({ ...settings.elements, ...options.elements })
  const styles = wear(settings.styles, options)
  follow(chat, options, redraw)

  obey(host, menu, sounds, redraw)
  host.on('chat:unmount', async () => {
    chat.closeChannel()
    stompx.disconnect()
    await close()
    host.say('chat:unmounted')
  })
  await chat.start()
  const { notifications } = chat.me._topics
  if (notifications) {
    const pass = (notification: object) => host.say('chat:notification-received', notification)
    stompx.listen(notifications, 'user.notification.created', pass)
  }
  host.say('chat:mounted', { locale: asked.get('locale') ?? navigator.language, styles })
  await chat.attempt(() => begin(chat, options))
}

function menuOf(host: Host, { route }: HostOptions): Menu {
  return {
    actions: [],
    hasList: !(route && 'allowNavigation' in route && route.allowNavigation === false),
    onHeader: (channel) => {
      host.say('chat:header-selected', channel)
      host.say('chat:channel-details-selected', channel) // as @chatkitty/ui has it
    },
    onAction: (name, channel) => host.say('chat:menu-action-selected', { name, channel }),
  }
}

/** What is played, by the name that the page has for it. */
type Sounds = Map<string, HTMLAudioElement>

/** Does what the page sets while people chat. */
function obey(host: Host, menu: Menu, sounds: Sounds, redraw: () => void): void {
  host.on('chat:strings-set', ({ strings }) => {
    setStrings(strings)
    redraw()
  })
  host.on('chat:menu-actions-set', ({ actions }) => {
    menu.actions = actions
    redraw()
  })
  host.on('chat:audio-set', ({ audio }) => {
    sounds.clear()
    for (const [name, sound] of Object.entries(audio.enabled === false ? {} : (audio.sounds ?? {})))
      if (sound?.src && !sound.muted) sounds.set(name, new Audio(sound.src))
  })
}

/** Makes of the user what the page says, and goes where it wants to begin. */
async function begin(chat: Chat, { profile, route }: HostOptions): Promise<void> {
  if (profile?.displayName) await chat.rename(profile.displayName)
  if (profile?.displayPicture) await chat.wear(profile.displayPicture)
  if (route?.name === 'channel') await chat.enter(route.channel)
  // Whoever comes first to an event makes its public channel.
  if (route?.name === 'event') await chat.create({ name: route.event })
  if (route?.name === 'direct-messages') await chat.create({ users: route.users })
}

/** The page's own connection, or one of ours; either way StompX is spoken through a port. */
async function connect(
  host: Host,
  { username, authentication }: HostOptions,
  apiKey: string,
): Promise<{ port: MessagePort; close: () => Promise<void> }> {
  if (host.isShared) return { port: host.port, close: async () => {} }
  const connection = (await connectApi({
    apiKey,
    username,
    ...(authentication?.type === 'auth-params' && { authParams: authentication.params }),
    $environment: { host: location.host, secure: location.protocol === 'https:' },
  })) as Connection
  const { port1, port2 } = new MessageChannel()
  connection.attach(port1)
  port1.start()
  return { port: port2, close: () => connection.dispose() }
}

interface Settings {
  apiKey: string
  elements: Elements
  features: Features
  styles: Styles
}

async function readSettings(): Promise<Settings> {
  const answer = await fetch(`chat/settings?widget_id=${encodeURIComponent(asked.get('widget_id') ?? '')}`)
  if (!answer.ok) throw new Error('its settings cannot be read')
  return answer.json()
}

/** What the page asks for goes before what the application has. */
function wear(styles: Styles, { theme, styles: wanted }: HostOptions): Styles {
  return dress({ ...styles, ...wanted, ...(theme && { 'base-theme': theme }) })
}

/** Goes with what is changed while people chat. */
function follow(chat: Chat, options: HostOptions, redraw: () => void): void {
  const { stompx, me } = chat
  const { styles, features, elements } = me._topics
  if (styles) stompx.listen<Styles>(styles, 'application.styles.updated', (changed) => wear(changed, options))
  if (features) {
    stompx.listen<Features>(features, 'application.features.updated', (changed) => {
      Object.assign(chat.features, changed)
      redraw()
    })
  }
  if (elements) {
    stompx.listen<Elements>(elements, 'application.elements.updated', (changed) => {
      chat.elements.set({ ...changed, ...options.elements })
      redraw()
    })
  }
}
