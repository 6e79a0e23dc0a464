// Definitions of all commands. Each command loads its code on demand, so that --help is instant.
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { keepCompiledCode } from '#cache.ts'
import { addAdminCommands } from '#cli/admin-commands.ts'
import { addFunctionCommands } from '#cli/function-commands.ts'
import { importKinds, uiParts } from '#cli/kinds.ts'
import { addMigrateCommands } from '#cli/migrate-commands.ts'
import { Failure, fail, type Output, UsageError } from '#cli/output.ts'
import { fileOfPackage } from '#place.ts'

keepCompiledCode(process.env)

// A reader may close the pipe early ("| head"), which is not an error; whatever is still running ends by itself.
for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreBrokenPipe)

const program = new Command('chatterie')
  .description('The self-hosted home for ChatKitty apps.')
  .version(versionOf(), '--version', 'print the version')
  .option('--json', 'print JSON, for scripts')
  .option('--home <folder>', 'where Chatterie keeps its things (CHATTERIE_HOME)')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .hook('preAction', () => {
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
  .option('--port <number>', 'where it listens (PORT)')
  .option('--host <address>', 'where it listens (HOST)')
  .option(
    '--ephemeral',
    'on a home of its own, gone when it ends, in memory if there is room; with the test API',
  )
  .option(
    '--seed <file>',
    'with --ephemeral, JSON: the users, channels, messages and functions that it begins with',
  )
  .option('--database-from-environment', 'with --ephemeral: on the Postgres of DATABASE_URL all the same')
  .option('--until-input-ends', 'stop when the standard input ends, as it does when the parent is gone')
  .action(async (options) => (await import('#cli/start.ts')).start(options, output()))

program
  .command('exec')
  .description('run a command with an ephemeral server, which it finds by CHATTERIE_URL and such variables')
  .usage('[options] -- <command...>')
  .argument('<command...>', 'what to run; its exit code is that of exec')
  .option('--seed <file>', 'JSON: the users, channels, messages and functions that it begins with')
  .option('--intercept', 'lead programs that name api.chatkitty.com in their source to the server')
  .action(async (command, options) =>
    process.exit(await (await import('#cli/exec.ts')).exec(command, options)),
  )

const loadApplications = () => import('#cli/applications.ts')
const applications = program
  .command('applications')
  .description('manage applications, whether the server runs or not')

applications
  .command('create')
  .description('create an application and print its credentials, which are not shown again')
  .argument('[name]', 'what people call it ("My application")')
  .option('--name <name>', 'the same, as an option')
  .action(async (name, options) => (await loadApplications()).create([name, options.name], output()))

applications
  .command('list')
  .description('list all applications')
  .action(async () => (await loadApplications()).list(output()))

applications
  .command('rotate-secret')
  .description(
    'replace the client secret; the old one and all its tokens are void, at once or after an overlap',
  )
  .argument('<application>', 'id, API key or client id')
  .option('--overlap <time>', 'how long the old secret goes on: 90s, 30m, 24h, 7d; at most 30d', '0s')
  .option('--from-environment', 'to the secret in CHATTERIE_CLIENT_SECRET, instead of a generated one')
  .action(async (application, options) => (await loadApplications()).rotate(application, options, output()))

applications
  .command('delete')
  .description('delete an application and everything in it')
  .argument('<application>', 'id, API key or client id')
  .option('--yes', 'do not ask')
  .action(async (application, { yes }) =>
    (await loadApplications()).remove(application, yes === true, output()),
  )

for (const [name, description] of [
  ['encryption-keys', 'manage the keys that secrets are sealed with'],
  ['keys', 'manage admin keys, by which scripts use the admin API'],
] as const) {
  program
    .command(name)
    .description(description)
    .command('reseal', { hidden: name === 'keys' }) // its former name
    .description('seal all secrets with the first key of CHATTERIE_ENCRYPTION_KEY, so that the others can go')
    .option('--drop-unreadable', 'give up secrets that none of the keys opens')
    .action(async (options) => (await import('#cli/encryption-keys.ts')).reseal(options, output()))
}

addAdminCommands(program, output)

program
  .command('dump')
  .description('write everything into one file, as it is now, beside a server at work')
  .argument('<file>', 'compressed by gzip, or by Zstandard where it ends with .zst')
  .option('--application <application>', 'this one alone: id, API key or client id')
  .action(async (file, options) => (await import('#cli/dump.ts')).dump(file, options, output()))

program
  .command('restore')
  .description('put a dump into an empty database, with all ids kept, whether the server runs or not')
  .argument('<file>', 'what `chatterie dump` wrote')
  .option('--as <name>', 'beside the applications that are there, as a new one of this name, with new ids')
  .action(async (file, options) => (await import('#cli/dump.ts')).restore(file, options, output()))

/** Adds the options of commands that connect to a running server. */
function remote(command: Command): Command {
  return command
    .option('--url <url>', 'the server (PUBLIC_URL, or http://localhost with PORT)')
    .option('--client-id <id>', 'whose application (CHATTERIE_CLIENT_ID, or the one kept in the home folder)')
    .option('--client-secret <secret>', 'better given as CHATTERIE_CLIENT_SECRET')
}

remote(program.command('import'))
  .description('import a JSON array from a file, and follow the job until it ends')
  .argument('<kind>', importKinds.join(', '))
  .argument('<file>', 'the file')
  .option('--channel <id>', 'for channel-members: of which channel')
  .action(async (kind, file, options) =>
    (await import('#cli/import.ts')).importFile(kind, file, options, output()),
  )

remote(program.command('export'))
  .description('export analytics as CSV, to a file or to stdout')
  .argument('<what>', 'messages, users')
  .addOption(new Option('--output <file>', 'where to write'))
  .action(async (what, options) => (await import('#cli/export.ts')).exportFile(what, options, output()))

const ui = program.command('ui').description('what chat user interfaces show and look like')

remote(ui.command('get'))
  .description('print what is set, and what holds where nothing is')
  .argument('<part>', uiParts.join(', '))
  .action(async (part, options) => (await import('#cli/ui.ts')).getUi(part, options, output()))

remote(ui.command('set'))
  .description('replace what is set; interfaces that are open change at once')
  .argument('<part>', uiParts.join(', '))
  .argument('[file]', 'JSON; stdin where absent')
  .action(async (part, file, options) => (await import('#cli/ui.ts')).setUi(part, file, options, output()))

addMigrateCommands(program, output)
addFunctionCommands(program, remote, output)

for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
  command.exitOverride().configureHelp({ showGlobalOptions: true })
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (isBrokenPipe(error)) process.exitCode = 0
  else if (error instanceof UsageError) fail(error, 2, output())
  else if (error instanceof Failure) process.exitCode = 1
  else fail(error, 1, output())
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
