// Typical programs that use ChatKitty's hosts. Each prints the application of its credentials as JSON.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** Whether a program is installed on this machine. */
export const has = (program: string) => spawnSync(program, ['--version']).status === 0

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a program to its end. */
export async function run(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const child: ChildProcess = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
  ])
  return { code, stdout, stderr }
}

/** Runs a module in Node. */
export function runNode(module: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return run(process.execPath, ['--input-type=module', '--eval', prelude + module], env)
}

const prelude = `
const { CHATTERIE_CLIENT_ID: clientId, CHATTERIE_CLIENT_SECRET: clientSecret } = process.env
const headers = { authorization: 'Bearer ' + process.env.CHATTERIE_ACCESS_TOKEN }
const print = (value) => console.log(JSON.stringify(value))
`

/** A module that sends a request with the headers of an expression, and passes on the response (`it`) by another. */
const asking = (headers: string, passOn: string) =>
  JSON.stringify(`
    import { workerData, parentPort } from 'node:worker_threads'
    const answer = await fetch('https://api.chatkitty.com/v1/application', { headers: ${headers} })
    const it = await answer.json()
    ${passOn}`)

export const modules: Record<string, string> = {
  fetch: `
    const answer = await fetch('https://api.chatkitty.com/v1/application', { headers })
    print(await answer.json())`,
  'https.request': `
    import { request } from 'node:https'
    request({ hostname: 'API.ChatKitty.com', path: '/v1/application', headers }, async (answer) => {
      print(JSON.parse((await answer.toArray()).join('')))
    }).end()`,
  'axios, which goes by HTTPS_PROXY': `
    import axios from 'axios'
    const { data } = await axios.get('https://api.chatkitty.com/v1/application', { headers })
    print(data)`,
  'axios without proxies': `
    import axios from 'axios'
    const { data } = await axios.get('https://api.chatkitty.com/v1/application', { headers, proxy: false })
    print(data)`,
  undici: `
    import { request } from 'undici'
    const { body } = await request('https://api.chatkitty.com/v1/application', { headers })
    print(await body.json())`,
  'a worker thread': `
    import { Worker } from 'node:worker_threads'
    const url = new URL('data:text/javascript,' + encodeURIComponent(${asking('workerData', 'parentPort.postMessage(it)')}))
    new Worker(url, { workerData: headers }).on('message', print)`,
  'a child process': `
    import { spawn } from 'node:child_process'
    const module = ${asking('{ authorization: process.argv[1] }', 'console.log(JSON.stringify(it))')}
    spawn(process.execPath, ['--input-type=module', '--eval', module, headers.authorization], { stdio: 'inherit' })`,
  'chatkitty-platform-sdk': `
    import { ChatKitty } from 'chatkitty-platform-sdk'
    const { Application } = new ChatKitty({ clientId, clientSecret })
    const { data } = await Application.retrieveAuthenticatedApplication()
    print(data)`,
  chatkitty: `
    import { ChatKitty } from 'chatkitty'
    const { ApplicationApi } = new ChatKitty({ clientId, clientSecret })
    const { data } = await ApplicationApi.retrieveApplication()
    print(data)`,
}

/** Each connects over a WebSocket with STOMP, and prints the first word that the server sends. */
export const sockets: Record<string, string> = {
  'the global WebSocket': connectBy('WebSocket', ''),
  ws: connectBy('ws', "import ws from 'ws'"),
}

function connectBy(client: string, imports: string): string {
  return `
    ${imports}
    const url = 'wss://api.chatkitty.com/rtm/websocket?api-key=' + process.env.CHATTERIE_API_KEY
    const socket = new ${client}(url)
    socket.onopen = () => socket.send('CONNECT\\naccept-version:1.2\\nhost:api.chatkitty.com\\nStompX-User:jane\\n\\n\\0')
    socket.onmessage = ({ data }) => {
      print(String(data).split('\\n')[0])
      socket.close()
    }
    socket.onerror = ({ message }) => print(message)`
}

export const chatkittyCore = `
  import { connectApi } from '@chatkitty/core'
  const connection = await connectApi({ apiKey: process.env.CHATTERIE_API_KEY, username: 'joan' })
  const { channel } = await connection.getSdkClient().createChannel({ type: 'PUBLIC', name: 'intercepted' })
  print(channel._relays.self)
  await connection.dispose()
  process.exit()`

export const python = `
import os, urllib.request
token = os.environ['CHATTERIE_ACCESS_TOKEN']
request = urllib.request.Request('https://api.chatkitty.com/v1/application', headers={'Authorization': f'Bearer {token}'})
print(urllib.request.urlopen(request).read().decode())`
