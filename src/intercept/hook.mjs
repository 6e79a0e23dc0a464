// Node loads this module into each program that runs with NODE_OPTIONS=--import=…/hook.mjs?gateway=PORT&names=…, because
// its HTTP clients ignore proxies. It redirects connections to port 443 of the names to the gateway. For Node >= 18.18.
import net from 'node:net'

const { searchParams } = new URL(import.meta.url)
const gateway = { host: '127.0.0.1', port: Number(searchParams.get('gateway')) }
const names = new Set(searchParams.get('names').split(','))

const { connect } = net.Socket.prototype

/** Every TCP connection of Node starts here: fetch, WebSocket, http, tls and everything built on them. */
net.Socket.prototype.connect = function (...given) {
  // Node's internal callers pass one array: options and a listener.
  const [first, ...others] = Array.isArray(given[0]) ? given[0] : given
  const options = typeof first === 'object' ? first : { port: first, host: others[0] }
  if (!isIntercepted(options)) return connect.apply(this, given)
  return connect.call(
    this,
    { ...options, ...gateway },
    others.find((each) => typeof each === 'function'),
  )
}

function isIntercepted(options) {
  if (!options || options.path || Number(options.port) !== 443) return false
  return names.has(String(options.host).toLowerCase().replace(/\.$/, ''))
}
