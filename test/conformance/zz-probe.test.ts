import { ChatKitty } from 'chatkitty'
import { ChatKitty as Old } from 'chatkitty-platform-sdk'
import { tracingChannel } from 'node:diagnostics_channel'
import { it } from 'vitest'
import { startServer } from '../support/server.ts'
it('probe', async () => {
  const server = await startServer()
  tracingChannel('fastify.request.handler').subscribe({ asyncEnd: (m: any) => console.log(m.request.method, m.route.url, m.reply.statusCode, m.request.headers['user-agent'], m.request.headers['content-type'], JSON.stringify(m.request.body)), start(m:any){}, end(){}, asyncStart(){}, error(){} })
  const c = { clientId: server.main.clientId, clientSecret: server.main.clientSecret, basePath: server.url, authorizationBasePath: `${server.url}/oauth/token` }
  for (const kitty of [new ChatKitty(c) as any, new Old(c) as any]) {
    const users = kitty.UsersApi ?? kitty.Users, channels = kitty.ChannelsApi ?? kitty.Channels
    const tell = async (p: any) => { try { const r = await p; console.log(r.status, r.headers['content-type'], JSON.stringify(r.data, null, 1)) } catch (e: any) { console.log('ERR', e.message, JSON.stringify(e.response?.data)) } }
    const n = 'jane' + Math.random()
    await tell(users.checkUserExists(n))
    const { data: u } = await users.createUser({ name: n, display_name: 'Jane', displayName: 'Jane', is_guest: false, isGuest: false })
    await tell(users.checkUserExists(n))
    await tell(users.listUsers(0, 0, undefined, n))
    await tell(users.updateUser(u.id))
    await tell(users.updateUser(u.id, { display_name: 'X', displayName: 'X' }))
    await tell(channels.createChannel({ type: 'DIRECT', members: [{ id: u.id }] }))
    await tell(channels.createChannel({ type: 'PUBLIC', members: new Set([{ id: u.id }]) }))
    await tell(channels.createChannel({ type: 'DIRECT', members: new Set([{ id: u.id }]) }))
    await tell(channels.listChannels(0, 5, ['name,desc'], 'DIRECT', new Set([n])))
    await tell((kitty.Messages ?? kitty.MessagesApi).deleteMessages())
  }
  await server.close()
})
