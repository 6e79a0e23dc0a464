// Definitions of all commands. Each command loads its code on demand, so that --help is instant.
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { keepCompiledCode } from '#cache.ts'
import { addAdminCommands } from '#cli/admin-commands.ts'
import { addFunctionCommands } from '#cli/function-commands.ts'
import { Interrupted } from '#cli/interruptible.ts'
import { importKinds, uiParts } from '#cli/kinds.ts'
import { addMigrateCommands } from '#cli/migrate-commands.ts'
import { remote } from '#cli/options.ts'
import { Failure, fail, type Output, UsageError } from '#cli/output.ts'
import { fileOfPackage } from '#place.ts'

keepCompiledCode(process.env)

// A reader may close the pipe early ("| head"), which is not an error; whatever is still running ends by itself.
for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreBrokenPipe)

const program = new Command('chatterie')
  .description('A self-hosted backend for ChatKitty apps.')
  .version(versionOf(), '--version', 'print the version')
  .option('--json', 'print JSON, for scripts')
  .option('--home <folder>', 'folder for data, files and credentials (CHATTERIE_HOME)')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .hook('preAction', (_, command) => {
    mustNotBeEmpty(command)
    const { home } = program.opts()
    if (home !== undefined) process.env.CHATTERIE_HOME = home
  })
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 failed, 2 wrong usage.
All settings of the server apply, such as DATABASE_URL and PORT; see the README.`,
  )

const output = (): Output => ({ json: program.opts().json === true })

program
  .command('start')
  .description('start the server')
  .option('--port <number>', 'port to listen on (PORT)')
  .option('--host <address>', 'address to listen on (HOST)')
  .option('--ephemeral', 'use a temporary home folder, in memory if there is room, and turn the test API on')
  .option('--seed <file>', 'with --ephemeral: JSON file with initial users, channels, messages and functions')
  .option('--database-from-environment', 'with --ephemeral: use the Postgres of DATABASE_URL nevertheless')
  .option('--until-input-ends', 'stop when standard input ends, which happens when the parent process ends')
  .action(async (options) => (await import('#cli/start.ts')).start(options, output()))

program
  .command('exec')
  .description('run a command with an ephemeral server, whose address is in CHATTERIE_URL')
  .usage('[options] -- <command...>')
  .argument('<command...>', 'command to run; exec exits with its exit code')
  .option('--seed <file>', 'JSON file with initial users, channels, messages and functions')
  .option('--intercept', 'redirect requests to api.chatkitty.com to the server')
  .action(async (command, options) =>
    process.exit(await (await import('#cli/exec.ts')).exec(command, options)),
  )

const loadApplications = () => import('#cli/applications.ts')
const applications = program
  .command('applications')
  .description('manage applications, with or without a running server')

applications
  .command('create')
  .description('create an application and print its credentials, which are not shown again')
  .argument('[name]', 'name of the application (default: "My application")')
  .option('--name <name>', 'name of the application, as an option')
  .action(async (name, options) => (await loadApplications()).create([name, options.name], output()))

applications
  .command('list')
  .description('list all applications')
  .action(async () => (await loadApplications()).list(output()))

applications
  .command('rotate-secret')
  .description('replace the client secret; the old one and its tokens expire at once, or after an overlap')
  .argument('<application>', 'id, API key or client id')
  .option('--overlap <time>', 'how long the old secret stays valid: 90s, 30m, 24h, 7d; at most 30d', '0s')
  .option('--from-environment', 'use the secret in CHATTERIE_CLIENT_SECRET instead of a generated one')
  .action(async (application, options) => (await loadApplications()).rotate(application, options, output()))

applications
  .command('delete')
  .description('delete an application and everything in it')
  .argument('<application>', 'id, API key or client id')
  .option('--yes', 'do not ask for confirmation')
  .action(async (application, { yes }) =>
    (await loadApplications()).remove(application, yes === true, output()),
  )

for (const [name, description] of [
  ['encryption-keys', 'manage the keys that encrypt stored secrets'],
  ['keys', 'manage admin keys, with which scripts use the admin API'],
] as const) {
  program
    .command(name)
    .description(description)
    .command('reseal', { hidden: name === 'keys' }) // its former name
    .description(
      'encrypt all secrets with the first key of CHATTERIE_ENCRYPTION_KEY, so that the others can be removed',
    )
    .option('--drop-unreadable', 'delete secrets that none of the keys can decrypt')
    .action(async (options) => (await import('#cli/encryption-keys.ts')).reseal(options, output()))
}

addAdminCommands(program, output)

program
  .command('dump')
  .description('write a consistent copy of everything to one file, even while a server runs')
  .argument('<file>', 'file to write, compressed with gzip, or with Zstandard if it ends with .zst')
  .option('--application <application>', 'dump only this application: id, API key or client id')
  .action(async (file, options) => (await import('#cli/dump.ts')).dump(file, options, output()))

program
  .command('restore')
  .description('restore a dump into an empty database, keeping all ids, with or without a running server')
  .argument('<file>', 'file written by `chatterie dump`')
  .option('--as <name>', 'restore one application as a new one with this name and new ids')
  .action(async (file, options) => (await import('#cli/dump.ts')).restore(file, options, output()))

remote(program.command('import'))
  .description('import a JSON array from a file, and follow the job until it ends')
  .argument('<kind>', importKinds.join(', '))
  .argument('<file>', 'file to import')
  .option('--channel <id>', 'for channel-members: id of the channel')
  .action(async (kind, file, options) =>
    (await import('#cli/import.ts')).importFile(kind, file, options, output()),
  )

remote(program.command('export'))
  .description('export analytics as CSV, to a file or to stdout')
  .argument('<what>', 'messages, users')
  .addOption(new Option('--output <file>', 'file to write (default: stdout)'))
  .action(async (what, options) => (await import('#cli/export.ts')).exportFile(what, options, output()))

const ui = program.command('ui').description('manage the look and features of chat user interfaces')

remote(ui.command('get'))
  .description('print the settings, including defaults')
  .argument('<part>', uiParts.join(', '))
  .action(async (part, options) => (await import('#cli/ui.ts')).getUi(part, options, output()))

remote(ui.command('set'))
  .description('replace the settings; open interfaces change at once')
  .argument('<part>', uiParts.join(', '))
  .argument('[file]', 'JSON file (default: stdin)')
  .action(async (part, file, options) => (await import('#cli/ui.ts')).setUi(part, file, options, output()))

addMigrateCommands(program, output)
addFunctionCommands(program, output)

for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
  command.exitOverride().configureHelp({ showGlobalOptions: true })
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (isBrokenPipe(error)) process.exitCode = 0
  else if (error instanceof Error && error.name === 'UsageError') fail(error, 2, output())
  else if (error instanceof Failure) process.exitCode = 1
  else if (error instanceof Interrupted) fail(error, error.exitCode, output())
  else fail(error, 1, output())
}

/** Refuses empty values: they come from variables that are not set, and would be taken for the default. */
function mustNotBeEmpty(command: Command): void {
  const given = command.optsWithGlobals()
  const options = [...program.options, ...command.options]
  const option = options.find((each) => given[each.attributeName()] === '')
  if (option) throw new UsageError(`${option.long} is empty`)
  const argument = command.registeredArguments.find((_, at) => command.args[at] === '')
  if (argument && !argument.variadic) throw new UsageError(`<${argument.name()}> is empty`)
}

function versionOf(): string {
  return JSON.parse(readFileSync(fileOfPackage('package.json'), 'utf8')).version
}

function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE'
}

function ignoreBrokenPipe(error: Error): void {
  if (!isBrokenPipe(error)) throw error
}
