// The chat in a frame: connects the page that embeds it, the connection, the settings and the view.
import { connectApi } from '@chatkitty/core'
import { applyStyles } from './apply-styles.ts'
import { Chat } from './chat.ts'
import type { Elements } from './elements.ts'
import { findHost, type Host, type HostOptions } from './host.ts'
import { findApp } from './native.ts'
import type { Features, Styles } from './resources.ts'
import { StompX } from './stompx.ts'
import { setStrings } from './strings.ts'
import { draw, drawNotice, type Menu } from './view.ts'

const element = document.querySelector<HTMLElement>('#chat') as HTMLElement // page.html has it
const asked = new URLSearchParams(location.search)

/** A connection of the official client; chat interfaces attach to it through a port. */
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

  connectHost(host, menu, sounds, redraw)
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
      host.say('chat:channel-details-selected', channel) // as in @chatkitty/ui
    },
    onAction: (name, channel) => host.say('chat:menu-action-selected', { name, channel }),
  }
}

/** Audio elements, by the names that the page uses for them. */
type Sounds = Map<string, HTMLAudioElement>

/** Applies what the page sets while the chat is open. */
function connectHost(host: Host, menu: Menu, sounds: Sounds, redraw: () => void): void {
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

/** Updates the user's profile as the page requests, and opens the initial channel. */
async function begin(chat: Chat, { profile, route }: HostOptions): Promise<void> {
  if (profile?.displayName) await chat.rename(profile.displayName)
  if (profile?.displayPicture) await chat.wear(profile.displayPicture)
  if (route?.name === 'channel') await chat.enter(route.channel)
  // The first user to open an event creates its public channel.
  if (route?.name === 'event') await chat.create({ name: route.event })
  if (route?.name === 'direct-messages') await chat.create({ users: route.users })
}

/** Uses the page's own connection or opens one; in either case StompX messages go through a port. */
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

/** Applies styles; those of the page take precedence over those of the application. */
function wear(styles: Styles, { theme, styles: wanted }: HostOptions): Styles {
  return applyStyles({ ...styles, ...wanted, ...(theme && { 'base-theme': theme }) })
}

/** Applies changes of the settings while the chat is open. */
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
