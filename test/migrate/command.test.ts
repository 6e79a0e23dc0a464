// Migrations from files on the command line.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { holdMove } from '#domain/moving/hold-move.ts'
import { chatterie } from '../cli/run.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { exported } from './exported.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

it('a second migration into an application is refused while one is running, and may start after it', async () => {
  const application = await server.createApplication()
  const settings = {
    DATABASE_URL: server.ctx.db.pool.options.connectionString as string,
    CHATTERIE_HOME: server.ctx.config.home,
  }
  const args = ['migrate', 'from-stream', exported('stream.json'), '--application', String(application.id)]
  const release = await holdMove(server.ctx, application.id)
  expect(await chatterie(args, settings)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`Another move into application ${application.id} is under way`),
  })
  expect((await application.get('/users')).body.page.totalElements).toBe(0)
  await release()
  expect(await chatterie(args, settings)).toMatchObject({ code: 0, stderr: '' })
})

it('a file that is no export is refused before anything is written, on the command line, too', async () => {
  const { id } = await server.createApplication()
  const settings = {
    DATABASE_URL: server.ctx.db.pool.options.connectionString as string,
    CHATTERIE_HOME: server.ctx.config.home,
  }
  const run = (file: string) =>
    chatterie(['migrate', 'from-stream', file, '--application', String(id)], settings)
  expect(await run('/nowhere.json')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: There is no file /nowhere.json\n',
  })
  const itself = fileURLToPath(import.meta.url)
  expect(await run(itself)).toEqual({ code: 1, stdout: '', stderr: `error: ${itself} is no JSON\n` })
  expect(await run(exported('stream.json'))).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(
      /Moved stream into application \d+, pass \d\.[\s\S]*message +4 +4[\s\S]*Not carried by any move/,
    ),
  })
})
