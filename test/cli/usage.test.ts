import { describe, expect, it } from 'vitest'
import { chatterie } from './run.ts'

const nowhere = { CHATTERIE_HOME: '/nonexistent/chatterie' }

describe('--help', () => {
  it.each([
    [[], ['start', 'applications', 'import', 'export', 'ui', 'Exit codes']],
    [['start'], ['--port', '--host', '--home']],
    [['applications'], ['create', 'list', 'rotate-secret', 'delete']],
    [
      ['applications', 'delete'],
      ['--yes', '--json', 'client id'],
    ],
    [['import'], ['channel-members', '--channel', '--url', '--client-id', '--json']],
    [['export'], ['messages', 'users', '--output', '--json']],
    [['ui'], ['get', 'set']],
    [
      ['ui', 'set'],
      ['elements, features, styles', '--url', '--client-id', '--json'],
    ],
  ])('of %j lists the commands and options', async (command, words) => {
    const { code, stdout, stderr } = await chatterie([...command, '--help'], nowhere)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const word of words) expect(stdout).toContain(word)
  })
})

describe('wrong usage', () => {
  it.each([
    ['no command at all', []],
    ['an unknown command', ['fly']],
    ['an unknown option', ['applications', 'list', '--loud']],
    ['an argument too few', ['applications', 'rotate-secret']],
    ['an argument too many', ['applications', 'list', 'all']],
    ['an unknown kind of import', ['import', 'cats', 'package.json']],
    ['a file that does not exist', ['import', 'users', 'nowhere.json']],
    ['members of no channel', ['import', 'channel-members', 'package.json']],
    ['a channel where there is none', ['import', 'users', 'package.json', '--channel', '7']],
    ['nobody’s import', ['import', 'users', 'package.json']],
    ['an unknown export', ['export', 'cats']],
    ['CSV and JSON in one', ['export', 'messages', '--json']],
    ['an invalid URL', ['import', 'users', 'package.json', '--url', 'nowhere']],
    ['an unknown part of user interfaces', ['ui', 'get', 'colours']],
    ['settings that are no JSON', ['ui', 'set', 'styles', 'README.md']],
    ['a dump that does not exist', ['restore', 'nowhere.zst']],
    ['a dump that is a folder', ['restore', 'src']],
    ['a seed for data that stays', ['start', '--seed', 'seed.json']],
    ['a database from nowhere', ['start', '--ephemeral', '--database-from-environment']],
    ['a nameless application', ['applications', 'create', '--name', ' ']],
    ['an application of two names', ['applications', 'create', 'One', '--name', 'Two']],
  ])('%s ends with exit code 2, and prints no result', async (_, args) => {
    const { code, stdout, stderr } = await chatterie(args, nowhere)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).not.toBe('')
    expect(stderr).not.toContain('    at ') // a stack trace
  })
})

describe('failures', () => {
  it('end with exit code 1 where no server answers', async () => {
    const credentials = ['--client-id', 'x', '--client-secret', 'y']
    const url = ['--url', 'http://127.0.0.1:1']
    const { code, stderr } = await chatterie(
      ['import', 'users', 'package.json', ...credentials, ...url],
      nowhere,
    )
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^error: fetch failed/) })
  })

  it('end with exit code 1 where a setting of the server is wrong, and name it', async () => {
    const { code, stderr } = await chatterie(['start', '--port', 'http'], nowhere)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('PORT is wrong') })
  })
})

it('runs on its own Node where it was started with one that is too old', async () => {
  const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})`
  const right = await chatterie(['import', '--help'], nowhere, ['--import', old])
  expect(right).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('channel-members') })
  expect((await chatterie(['fly'], nowhere, ['--import', old])).code).toBe(2)
})
