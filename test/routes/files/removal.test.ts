import { describe, expect, it } from 'vitest'
import { sweepFiles } from '#domain/files/sweep-files.ts'
import { createChannel, createUser } from '../../support/factories.ts'
import { expectRefusal } from '../../support/protects.ts'
import { openFileWorld, png, sizeMax } from './world.ts'

const world = openFileWorld()

describe('a display picture', () => {
  const upload = (id: number) => world.main.post(`/users/${id}/display-picture`).attach('file', png, 'me.png')

  it('is uploaded, shown with the user, and public', async () => {
    const { main, at } = world
    const user = await createUser(main)
    const { body } = await upload(user.id).expect(200)
    expect(body).toMatchObject({ id: user.id, name: user.name })
    expect(body.displayPictureUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/files\/[0-9a-f-]{36}\/me\.png$/)
    expect((await main.get(`/users/${user.id}`).expect(200)).body).toEqual(body)
    const { headers } = await at(body.displayPictureUrl).expect(200)
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
    const { headers: redirect } = await main.get(`/users/${user.id}/display-picture`).expect(302)
    expect(redirect.location).toBe(body.displayPictureUrl)
  })

  it('may be hosted elsewhere', async () => {
    const { main } = world
    const user = await createUser(main)
    const url = 'https://example.com/me.png'
    for (const picture of [
      { url, name: 'me.png', contentType: 'image/png', size: 10 },
      { url, name: 'me.png', content_type: 'image/png', size: 10 },
    ]) {
      const { body } = await main.post(`/users/${user.id}/display-picture`, picture).expect(200)
      expect(body.displayPictureUrl).toBe(url)
    }
    const answer = await main.post(`/users/${user.id}/display-picture`, { url: 'nowhere' })
    expectRefusal(answer, 400, 'ClientError')
  })

  it('is deleted when another replaces it, and with its user', async () => {
    const { server, main, at, kept } = world
    const user = await createUser(main)
    const before = await kept()
    const first = (await upload(user.id).expect(200)).body.displayPictureUrl
    const second = (await upload(user.id).expect(200)).body.displayPictureUrl
    expectRefusal(await at(first), 404)
    await at(second).expect(200)
    expect(await kept()).toEqual({ rows: before.rows + 1, files: before.files + 1 })
    await main.delete(`/users/${user.id}`).expect(200)
    expectRefusal(await at(second), 404)
    await sweepFiles(server.ctx)
    expect(await kept()).toEqual(before)
  })

  it('is published as a change of its user', async () => {
    const { server, main } = world
    const user = await createUser(main)
    const { pool } = server.ctx.db
    await pool.query(`
      create table written (type text, payload jsonb);
      create function note() returns trigger language plpgsql as
        $$ begin insert into written values (new.type, new.payload); return new; end $$;
      create trigger note after insert on outbox_event for each row execute function note()`)
    await upload(user.id).expect(200)
    expect((await pool.query('select * from written')).rows).toEqual([
      { type: 'user.updated', payload: { userId: user.id, picture: true } },
    ])
  })
})

describe('files are deleted', () => {
  it('with their message, at once', async () => {
    const { main, read, sendFile, kept } = world
    const before = await kept()
    const { id, file } = await sendFile()
    expect(await kept()).toEqual({ rows: before.rows + 1, files: before.files + 1 })
    await main.delete(`/messages/${id}`).expect(200)
    expectRefusal(await read(file.url).buffer(), 404)
    expect(await kept()).toEqual(before)
  })

  it('with their channel, and with all messages', async () => {
    const { server, kept } = world
    const application = await server.createApplication()
    const send = async () => {
      const { id } = await createChannel(application)
      const { body } = await application
        .post(`/channels/${id}/messages`)
        .attach('file', png, 'a.png')
        .expect(200)
      return { id, path: new URL(body.file.url).pathname.replace(/^\/v1/, '') }
    }
    const before = await kept()
    const [first, second] = [await send(), await send()]
    await application.delete(`/channels/${first.id}`).expect(200)
    await application.get(first.path).expect(404)
    await application.get(second.path).expect(200)
    await application.delete('/messages').expect(200)
    await application.get(second.path).expect(404)
    const left = async () => {
      await sweepFiles(server.ctx)
      return kept()
    }
    await expect.poll(left).toEqual(before) // a job removes the messages
  })

  it('with their application', async () => {
    const { server, kept } = world
    const application = await server.createApplication()
    const { id } = await createChannel(application)
    const before = await kept()
    await application.post(`/channels/${id}/messages`).attach('file', png, 'a.png').expect(200)
    await server.ctx.db.prisma.application.delete({ where: { id: application.id } })
    await sweepFiles(server.ctx)
    expect(await kept()).toEqual(before)
  })

  it('when their upload was killed, and not while it may still be running', async () => {
    const { server, main, read, kept } = world
    const before = await kept()
    const key = '00000000-0000-4000-8000-00000000abcd'
    async function* content() {
      yield png
    }
    const { db, files } = server.ctx
    await db.query(
      {
        text: `insert into file (application_id, key, name, content_type, size, sha256, expires_time)
               values ($1, $2, 'a', 'b', 0, '', now() + interval '1 hour')`,
      },
      [main.id, key],
    )
    await files.put(key, content(), sizeMax)
    await sweepFiles(server.ctx)
    expect(await kept()).toEqual({ rows: before.rows + 1, files: before.files + 1 })
    await read(`${server.url}/v1/files/${key}`).expect(404)
    await db.query({ text: `update file set expires_time = now() - interval '1 s' where key = $1` }, [key])
    await sweepFiles(server.ctx)
    expect(await kept()).toEqual(before)
  })

  it('but not while something refers to them', async () => {
    const { server, read, sendFile } = world
    const { file } = await sendFile()
    await sweepFiles(server.ctx)
    await read(file.url).expect(200)
  })
})
