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
    ['an event that does not exist', ['functions', 'test', 'bin/chatterie.mjs', '--type', 'nope']],
    ['modules from nowhere', ['functions', 'test', 'bin/chatterie.mjs', '--modules', '/nonexistent']],
    ['a dump that does not exist', ['restore', 'nowhere.zst']],
    ['a dump that is a folder', ['restore', 'src']],
    ['a nameless copy', ['restore', 'package.json', '--as', ' ']],
    ['a seed for data that stays', ['start', '--seed', 'seed.json']],
    ['a seed that does not exist', ['start', '--ephemeral', '--seed', 'nowhere.json']],
    ['a command with a seed that does not exist', ['exec', '--seed', 'nowhere.json', '--', 'true']],
    ['a database from nowhere', ['start', '--ephemeral', '--database-from-environment']],
    ['a nameless application', ['applications', 'create', '--name', ' ']],
    ['a dump to nowhere', ['dump', '']],
    ['a dump into no folder', ['dump', '/nonexistent/backup.zst']],
    ['a dump onto a folder', ['dump', 'src']],
    ['an export into no folder', ['export', 'users', '--output', '/nonexistent/users.csv']],
    ['a key that would never expire for want of a value', ['keys', 'create', 'ci', '--expires', '']],
    ['a ban that would never end for want of a value', ['ban', 'jane', '--until', '']],
    ['a home that would be another one for want of a value', ['--home', '', 'applications', 'list']],
    ['an expiry that is no time', ['keys', 'create', 'ci', '--expires', 'tomorrow']],
    ['the end of a ban that is no day', ['ban', 'jane', '--until', '2027-02-30']],
    ['an audit from no time', ['audit', '--from', 'yesterday']],
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
