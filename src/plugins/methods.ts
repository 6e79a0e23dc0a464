// Refuses methods that a path lacks; OPTIONS lists those it has [RFC 9110 sections 9.3.7 and 15.5.6].
import plugin from 'fastify-plugin'
import { ChatError } from '#errors.ts'

interface Path {
  segments: string[]
  methods: Set<string>
}

export const methods = plugin(
  async (app) => {
    /** The methods of each path, by its pattern. */
    const paths = new Map<string, Path>()
    app.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return
      const path = paths.get(url) ?? { segments: segmentsOf(url), methods: new Set() }
      for (const name of [method].flat()) path.methods.add(name)
      paths.set(url, path)
    })
    // Computed on demand: routes that refuse would be four of five, and would slow each start by a sixth of a second.
    const allowed = (url: string) => {
      const segments = segmentsOf(url.split('?', 1)[0] as string).map(decoded)
      const fitting = [...paths.values()].filter((path) => fits(path.segments, segments))
      const names = new Set(fitting.flatMap((path) => [...path.methods]))
      return names.size === 0 ? undefined : [...names, 'OPTIONS'].join(', ')
    }
    // Runs before the plugin that answers preflights, which also receives OPTIONS without an Origin.
    app.addHook('onRequest', ({ method, url, is404 }, reply, done) => {
      const allow = method === 'OPTIONS' || is404 ? allowed(url) : undefined
      if (allow !== undefined) reply.header('allow', allow)
      done()
    })
    // Runs after that plugin, which lets scripts of other sites read the refusal. The body is not read.
    app.addHook('preParsing', ({ method, is404 }, reply, _payload, done) => {
      if (!is404 || !reply.hasHeader('allow')) return done()
      done(new ChatError('MethodNotAllowedError', `${method} is not possible here`))
    })
  },
  { name: 'methods' },
)

/** Ignores a trailing slash. */
function segmentsOf(path: string): string[] {
  return path
    .slice(1)
    .replace(/\/$/, () => '')
    .split('/')
}

function fits(pattern: string[], segments: string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((name, at) => {
      const segment = segments[at] as string
      return name.startsWith(':') ? segment !== '' : name === segment
    })
  )
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
