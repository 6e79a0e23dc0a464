import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { prepareHome } from '#home-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatterie-home-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a home folder', () => {
  it('is created with its parents where it is missing, and no file of the write check is left', async () => {
    const home = join(folder, 'some', 'where')
    await prepareHome(home)
    await prepareHome(home)
    expect((await stat(home)).mode & 0o777).toBe(0o711)
    expect(await readdir(home)).toEqual([])
  })

  it('may be a symbolic link to a folder', async () => {
    await mkdir(join(folder, 'real'))
    await symlink('real', join(folder, 'link'))
    await prepareHome(join(folder, 'link'))
  })
})

/** What is at `home` when the server starts, and what it says then. */
const unusable: [what: string, make: (home: string) => unknown, why: string][] = [
  ['a file', (home) => writeFile(home, ''), 'is not a folder'],
  ['a pipe', (home) => execFileSync('mkfifo', [home]), 'is not a folder'],
  ['a link to itself', (home) => symlink(home, home), 'lead in a circle'],
  ['a link to nothing', (home) => symlink('nothing', home), 'is a symbolic link to nothing'],
  ['a folder with a file for its database', (home) => fill(home, 'postgres'), 'postgres is not a folder'],
  [
    'a folder with a pipe for its credentials',
    async (home) => {
      await mkdir(home)
      execFileSync('mkfifo', [join(home, 'credentials.json')])
    },
    'credentials.json is not a file',
  ],
]

async function fill(home: string, name: string): Promise<void> {
  await mkdir(home)
  await writeFile(join(home, name), '')
}

describe('a home folder that cannot be used is refused at once, in one line that names it and says why', () => {
  async function refusal(home: string): Promise<string> {
    const { message } = await prepareHome(home).then(
      () => new Error('it was taken'),
      (error) => error,
    )
    expect(message).toMatch(/^CHATTERIE_HOME .+ cannot be used: .+\. Set CHATTERIE_HOME to /)
    expect(message).not.toContain('\n')
    expect(message).toContain(home)
    return message
  }

  it.each(unusable)('%s', async (_, make, why) => {
    const home = join(folder, 'home')
    await make(home)
    expect(await refusal(home)).toContain(why)
  })

  it('below a file', async () => {
    await writeFile(join(folder, 'file'), '')
    expect(await refusal(join(folder, 'file', 'home'))).toContain('not a folder')
  })

  it('a path that is too long', async () => {
    expect(await refusal(join(folder, 'x'.repeat(300)))).toContain('too long')
    expect(await refusal(join(folder, ...Array.from({ length: 100 }, () => 'deep-folder')))).toContain(
      'too long',
    )
    expect(await readdir(folder)).toEqual([])
  })

  it.skipIf(process.platform !== 'linux')('where the system accepts no folders', async () => {
    expect(await refusal('/proc/nope')).toContain('no folder can be made there')
    expect(await refusal('/proc/nope/nested/deeper')).toContain('no folder can be made there')
    expect(await refusal('/proc')).toMatch(/may not write|no folder can be made/)
    expect(await refusal('/sys/nope')).toMatch(/may not write|read-only/)
    expect(await refusal('/dev/null')).toContain('is not a folder')
  })

  it.skipIf(process.getuid?.() === 0)('a folder that this user may not write to', async () => {
    await chmod(folder, 0o500)
    expect(await refusal(folder)).toContain('may not write')
    expect(await refusal(join(folder, 'home'))).toContain('may not write')
    await chmod(folder, 0o700)
  })

  it.runIf(canMount())('a full disk, a small one, and a read-only one', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'chatterie-test', folder])
    try {
      expect(await refusal(join(folder, 'home'))).toContain('MB left')
      await mkdir(join(folder, 'home', 'postgres', 'data'), { recursive: true })
      await prepareHome(join(folder, 'home'))
      await writeFile(join(folder, 'large'), Buffer.alloc(9_000_000)).catch(() => {})
      expect(await refusal(join(folder, 'home'))).toContain('disk is full')
      expect(await readdir(join(folder, 'home'))).toEqual(['postgres'])
      execFileSync('mount', ['-o', 'remount,ro', folder])
      expect(await refusal(join(folder, 'home'))).toContain('read-only')
      expect(await refusal(join(folder, 'other'))).toContain('read-only')
    } finally {
      execFileSync('umount', [folder])
    }
  })
})

/** Whether this process may try it with disks of its own: as root, outside most containers. */
function canMount(): boolean {
  const probe = ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt'] // in a namespace of its own, where nothing is left
  try {
    execFileSync('unshare', probe, { stdio: 'ignore' })
    execFileSync('mount', ['--version'], { stdio: 'ignore' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
}
