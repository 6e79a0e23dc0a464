import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chatterie, type Ran, type RunningServer, startByCommand } from './run.ts'

const home = join(tmpdir(), `chatterie-cli-${uuid()}`)
let server: RunningServer
beforeAll(async () => {
  server = await startByCommand({ CHATTERIE_HOME: home })
})
afterAll(async () => {
  await server.stop()
  await rm(home, { recursive: true, force: true })
})

const run = (...args: string[]): Promise<Ran> =>
  chatterie(['ui', ...args, '--url', server.url], { CHATTERIE_HOME: home })

async function fileOf(settings: unknown): Promise<string> {
  const path = join(home, `${uuid()}.json`)
  await writeFile(path, JSON.stringify(settings))
  return path
}

it('settings that are set are returned, completed with defaults', async () => {
  const set = await run('set', 'features', await fileOf({ message: { reactions: 'disabled' } }))
  expect(set).toMatchObject({ code: 0, stderr: '' })
  const got = await run('get', 'features', '--json')
  expect(got).toMatchObject({ code: 0, stderr: '' })
  expect(got.stdout.trim().split('\n')).toHaveLength(1)
  expect(JSON.parse(got.stdout)).toMatchObject({
    $version: '0.0.2',
    message: { reactions: 'disabled', 'read-receipts': 'enabled' },
  })
  expect(JSON.parse(set.stdout)).toEqual(JSON.parse(got.stdout))
})

it('settings that are unknown are refused, and nothing changes', async () => {
  const { code, stdout, stderr } = await run('set', 'styles', await fileOf({ 'base-theme': 'pink' }))
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('settings.base-theme')
  expect(JSON.parse((await run('get', 'styles', '--json')).stdout)).toEqual({
    $version: '0.0.2',
    'base-theme': 'light',
  })
})
