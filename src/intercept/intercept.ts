// Makes programs whose source names ChatKitty's hosts reach Chatterie: testing contract 6. It works through environment
// variables, so that nothing on the machine is changed and no other program is affected.
import { makeCertificates } from '#intercept/authority.ts'
import { writeBundles } from '#intercept/bundles.ts'
import { openGateway } from '#intercept/gateway.ts'
import { openProxy } from '#intercept/proxy.ts'
import { fileOfCode } from '#place.ts'

/** The ChatKitty hosts that clients name in https: and wss: URLs. */
const names = ['api.chatkitty.com', 'authorization.chatkitty.com', 'ui.chatkitty.com']

export type Environment = Record<string, string | undefined>

export interface Log {
  warn(message: string): void
}

export interface InterceptOptions {
  /** The URL of Chatterie. It must trust proxies on this machine (TRUST_PROXY), so links keep the requested names. */
  url: string
  /** The environment that the programs would have otherwise. */
  environment: Environment
  log: Log
}

export interface Intercept {
  /** Variables to add to the environment of programs. */
  environment: Record<string, string>
  /** Ends all connections, and removes all files. */
  close(): Promise<void>
}

/** Starts the interception: a gateway with a certificate, a proxy that leads to it, and CA bundles. */
export async function startIntercept({ url, environment, log }: InterceptOptions): Promise<Intercept> {
  const { authority, certificate, key } = makeCertificates(names)
  const bundles = await writeBundles(authority, environment, log)
  const gateway = await openGateway(new URL(url), { key, cert: certificate }, log)
  const bypassed = listOf(environment.no_proxy ?? environment.NO_PROXY)
  const outer = bypassed.includes('*') ? undefined : outerProxy(environment, log)
  const proxy = await openProxy({ names, gateway, outer })

  const proxyUrl = `http://127.0.0.1:${proxy.port}`
  const noProxy = [...new Set([...bypassed.filter(isOfOthers), ...loopback])].join(',')
  const hook = fileOfCode('intercept/hook.mjs')
  hook.search = String(new URLSearchParams({ gateway: String(gateway.port), names: names.join(',') }))
  return {
    environment: {
      ...bundles.environment,
      HTTPS_PROXY: proxyUrl,
      https_proxy: proxyUrl,
      NO_PROXY: noProxy,
      no_proxy: noProxy,
      NODE_OPTIONS: [environment.NODE_OPTIONS, `--import=${hook}`].filter(Boolean).join(' '),
    },
    async close() {
      await Promise.all([proxy.close(), gateway.close(), bundles.remove()])
    },
  }
}

const loopback = ['localhost', '127.0.0.1', '::1']

const listOf = (text = '') => text.split(/[\s,]+/).filter(Boolean)

/** Returns whether an entry of NO_PROXY concerns only hosts that are not intercepted. */
function isOfOthers(entry: string): boolean {
  const suffix = entry
    .toLowerCase()
    .replace(/^\*?\.?/, '')
    .replace(/:443$/, '')
  return suffix !== '' && !names.some((name) => `.${name}`.endsWith(`.${suffix}`))
}

function outerProxy(environment: Environment, log: Log): URL | undefined {
  const text = environment.https_proxy || environment.HTTPS_PROXY
  if (!text) return undefined
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url && /^https?:$/.test(url.protocol)) return url
  log.warn('HTTPS_PROXY is ignored: it is not an http: or https: proxy')
  return undefined
}
