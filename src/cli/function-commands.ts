// Definitions of the commands about chat functions; functions.ts implements them.
import type { Command } from 'commander'
import type { Output } from '#cli/output.ts'

const load = () => import('#cli/functions.ts')
const which = ['<function>', 'id, or the event that it handles'] as const
const limit = ['--limit <number>', 'how many of its last runs', '20'] as const

/** @param remote adds the options for connecting to a running server to a command */
export function addFunctionCommands(
  program: Command,
  remote: (command: Command) => Command,
  output: () => Output,
): void {
  const functions = program
    .command('functions')
    .description("write, try and watch the application's chat functions")

  remote(functions.command('deploy'))
    .description('give a function a new version, which runs from then on; creates the function if need be')
    .argument('<type>', 'the event that it handles, such as user.attempted.start_session')
    .argument('<file>', 'TypeScript or JavaScript with a function handleEvent')
    .option('--name <name>', 'which one, where there are several of the type')
    .action(async (type, file, options) => (await load()).deploy(type, file, options, output()))

  remote(functions.command('test'))
    .description('run a function here, with an event of your own, and deploy nothing')
    .argument('<file>', 'TypeScript or JavaScript with a function handleEvent')
    .option('--event <json>', 'the event, or a file that has it', '{}')
    .option(
      '--type <type>',
      'of the event: which method of a plugin handles it',
      'user.attempted.start_session',
    )
    .option('--modules <folder>', 'has the node_modules that it may require')
    .option('--env <name=value...>', 'environment variables for it')
    .action(async (file, options) => (await load()).test(file, options, output()))

  remote(functions.command('invocations'))
    .description('list what a function did, newest first')
    .argument(...which)
    .option(...limit)
    .action(async (reference, options) => (await load()).invocations(reference, options, output()))

  remote(functions.command('logs'))
    .description('print what a function wrote to its console, oldest first')
    .argument(...which)
    .option(...limit)
    .action(async (reference, options) => (await load()).logs(reference, options, output()))

  for (const [name, enabled, description] of [
    ['enable', true, 'let a function run'],
    ['disable', false, 'let a function run no more; whoever it guarded the door against can come in'],
  ] as const) {
    functions
      .command(name)
      .description(`${description}; whether the server runs or not`)
      .argument(...which)
      .option(
        '--client-id <id>',
        'whose application (CHATTERIE_CLIENT_ID, or the one kept in the home folder)',
      )
      .action(async (reference, options) => (await load()).setEnabled(reference, enabled, options, output()))
  }
}
