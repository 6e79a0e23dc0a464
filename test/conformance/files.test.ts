// Hosted files. The SDKs show them but cannot send them: backends send them as forms, and clients read them with a
// grant that they append to the address.
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ChatKitty } from 'chatkitty'
import { ChatKitty as PlatformSdk } from 'chatkitty-platform-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChannelDocument, MessageDocument, UserDocument } from '../support/documents.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { configurationFor, type Untyped, untyped } from './support.ts'

const curl = promisify(execFile)
const isInstalled = spawnSync('curl', ['--version']).status === 0
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

let server: TestServer
let kitty: Untyped<ChatKitty>
let older: Untyped<PlatformSdk>
let folder: string
let user: UserDocument
let channel: ChannelDocument
beforeAll(async () => {
  server = await shareServer()
  kitty = untyped(new ChatKitty(configurationFor(server, server.main)))
  older = untyped(new PlatformSdk(configurationFor(server, server.main)))
  folder = await mkdtemp(join(tmpdir(), 'chatterie-curl-'))
  await writeFile(join(folder, 'dot.png'), png)
  user = await createUser(server.main)
  channel = await createChannel(server.main)
})
afterAll(async () => {
  await rm(folder, { recursive: true })
  await server.close()
})

async function sendWithCurl<Document>(path: string, ...parts: string[]): Promise<Document> {
  const forms = ['file=@dot.png', ...parts].flatMap((part) => ['-F', part])
  const authorization = `Authorization: Bearer ${server.main.token}`
  const { stdout } = await curl('curl', ['-sS', server.url + path, '-H', authorization, ...forms], {
    cwd: folder,
  })
  return JSON.parse(stdout)
}

describe.skipIf(!isInstalled)(`with curl${isInstalled ? '' : ', which is not installed here'}`, () => {
  it('a file that curl sends as a message is shown by both SDKs, each in its naming convention', async () => {
    const message = await sendWithCurl<MessageDocument>(
      `/v1/channels/${channel.id}/messages`,
      'groupTag=gallery',
      `username=${user.name}`,
      'properties={"pet_name":"Tom","aB":1}',
    )
    const file = { type: 'HOSTED', name: 'dot.png', size: png.length, url: message.file.url }
    const shown = { type: 'FILE', properties: { pet_name: 'Tom', aB: 1 } }
    const { data: current } = await kitty.MessagesApi.retrieveMessage(message.id)
    expect(current).toMatchObject({
      ...shown,
      group_tag: 'gallery',
      file: { ...file, content_type: 'image/png' },
    })
    expect(current.user.name).toBe(user.name)
    const { data: old } = await older.Messages.retrieveMessage(message.id)
    expect(old).toMatchObject({ ...shown, groupTag: 'gallery', file: { ...file, contentType: 'image/png' } })
  })

  it('the URL of a file works as clients build it, with the grant appended', async () => {
    const { file } = await sendWithCurl<MessageDocument>(`/channels/${channel.id}/messages`)
    const grant = await server.ctx.grants.give({
      access: 'read',
      applicationId: server.main.id,
      userId: user.id,
    })
    const answer = await fetch(`${file.url}?grant=${grant}`)
    expect(answer.status).toBe(200)
    expect(png.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true)
  })

  it('a display picture that curl uploads is shown by both SDKs, and public', async () => {
    const { displayPictureUrl } = await sendWithCurl<UserDocument>(`/v1/users/${user.id}/display-picture`)
    const { data: current } = await kitty.UsersApi.retrieveUser(user.id)
    expect(current).toHaveProperty('display_picture_url', displayPictureUrl)
    expect((await older.Users.retrieveUser(user.id)).data.displayPictureUrl).toBe(displayPictureUrl)
    const answer = await fetch(displayPictureUrl)
    expect(answer.headers.get('content-type')).toBe('image/png')
    expect(png.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true)
  })
})
