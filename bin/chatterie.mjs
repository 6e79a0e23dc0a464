// Runs the command line: the compiled one or, in the repository, its sources, on a Node that can run them: this one, or
// the one among the repository's dependencies.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sources = new URL('../src/cli/main.ts', import.meta.url)
const compiled = new URL('../dist/cli.js', import.meta.url)
const compiledCache = new URL('../dist/cache.js', import.meta.url)

// Node 22 warns that SQLite, on which the lock of a home folder is based, is experimental; Node 24 does not.
const { emitWarning } = process
process.emitWarning = (warning, ...about) => {
  if (!`${warning}`.startsWith('SQLite is an experimental')) emitWarning.call(process, warning, ...about)
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (!existsSync(sources)) await runCompiled()
else if (major > 22 || (major === 22 && minor >= 18)) await import(sources.href)
else runOnOwnNode()

async function runCompiled() {
  const { keepCompiledCode } = await import(compiledCache.href)
  keepCompiledCode(process.env) // before any code is compiled
  await import(compiled.href)
}

function runOnOwnNode() {
  const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'))
  const node = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const child = spawn(node, [fileURLToPath(sources), ...process.argv.slice(2)], { stdio: 'inherit' })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  // In a terminal, Ctrl-C reaches the child directly; a second SIGINT would kill it while it is stopping.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  child.on('error', (error) => {
    process.stderr.write(`Node 24 could not be started: ${error.message}. Run npm ci\n`)
    process.exit(1)
  })
  child.on('exit', (code) => process.exit(code ?? 1))
}
