// Finds the handler in a customer's script: a function, or a method of a plugin class [runtime contract 9].
import { env } from 'node:process'

export type Handler = (event: unknown, context: object) => unknown

interface PluginClass {
  new (): Record<string, unknown>
  prototype: unknown
}

/**
 * @param declared the script's own function `handleEvent`, if it has one
 * @param exported its `module.exports`
 * @param eventType such as `user.sent.message`
 * @throws Error if the script has no handler for such an event
 */
export function findHandler(declared: unknown, exported: unknown, eventType: string): Handler {
  if (typeof declared === 'function') return declared as Handler
  const { handleEvent, default: standard, ...named } = namesOf(exported)
  const values = [exported, standard, ...Object.values(named)]
  const plugins = values.filter(isPlugin)
  if (plugins.length > 0) return handlerOf(plugins, methodOf(eventType))
  const { handleEvent: inner } = namesOf(standard)
  const found = [exported, handleEvent, inner, standard].find((each) => typeof each === 'function')
  if (!found) throw new TypeError('the script has no function named handleEvent')
  return found as Handler
}

function namesOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** `user.attempted.start_session` is handled by `handleUserAttemptedStartSessionEvent`. */
function methodOf(eventType: string): string {
  const words = eventType.split(/[._]/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
  return `handle${words.join('')}Event`
}

function isPlugin(value: unknown): value is PluginClass {
  return typeof value === 'function' && methodsOf(value).some((name) => /^handle\w+Event$/.test(name))
}

/** Returns the methods of the class and of those it extends, without those of Object. */
function methodsOf(value: { prototype?: unknown }): string[] {
  const names: string[] = []
  for (
    let at = (value.prototype ?? null) as object | null;
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    names.push(...Object.getOwnPropertyNames(at))
  }
  return names
}

function handlerOf(plugins: PluginClass[], method: string): Handler {
  const Plugin = plugins.find((each) => methodsOf(each).includes(method))
  if (!Plugin) throw new TypeError(`the plugin has no method named ${method}`)
  return async (event, context) => {
    const plugin = new Plugin()
    const own = Object.defineProperties(context, Object.getOwnPropertyDescriptors(parameters))
    if (typeof plugin.onInitialize === 'function') await plugin.onInitialize(own)
    return (plugin[method] as Handler)(event, own)
  }
}

/** The parameters of a plugin are variables of its runtime. */
const parameters = {
  requiredParams: new Proxy<Record<string, string>>(
    {},
    {
      get(_, name) {
        if (typeof name === 'symbol') return undefined
        const value = env[name]
        if (value === undefined)
          throw new Error(`the parameter ${name} is missing: set a variable of this name`)
        return value
      },
    },
  ),
  optionalParams: new Proxy<Record<string, string>>(
    {},
    { get: (_, name) => (typeof name === 'symbol' ? undefined : env[name]) },
  ),
}
