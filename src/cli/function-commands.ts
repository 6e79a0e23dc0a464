// Definitions of the commands about chat functions; functions.ts implements them.
import type { Command } from 'commander'
import { clientId, remote } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'

const load = () => import('#cli/functions.ts')
const which = ['<function>', 'id of the function, or the event that it handles'] as const
const limit = ['--limit <number>', 'maximum number of runs', '20'] as const

export function addFunctionCommands(program: Command, output: () => Output): void {
  const functions = program.command('functions').description('deploy, test and monitor chat functions')

  remote(functions.command('deploy'))
    .description('deploy a new version of a function; creates the function if necessary')
    .argument('<type>', 'the event that it handles, such as user.attempted.start_session')
    .argument('<file>', 'TypeScript or JavaScript with a function handleEvent')
    .option('--name <name>', 'name of the function, if there are several of this type')
    .action(async (type, file, options) => (await load()).deploy(type, file, options, output()))

  remote(functions.command('test'))
    .description('run a function locally with a given event, without deploying it')
    .argument('<file>', 'TypeScript or JavaScript with a function handleEvent')
    .option('--event <json>', 'event as JSON, or a file that contains it', '{}')
    .option(
      '--type <type>',
      'type of the event, which determines the method of a plugin that handles it',
      'user.attempted.start_session',
    )
    .option('--modules <folder>', 'folder with the node_modules that the function may require')
    .option('--env <name=value...>', 'environment variables of the function')
    .action(async (file, options) => (await load()).test(file, options, output()))

  remote(functions.command('invocations'))
    .description('list the runs of a function, newest first')
    .argument(...which)
    .option(...limit)
    .action(async (reference, options) => (await load()).invocations(reference, options, output()))

  remote(functions.command('logs'))
    .description('print the console output of a function, oldest first')
    .argument(...which)
    .option(...limit)
    .action(async (reference, options) => (await load()).logs(reference, options, output()))

  for (const [name, enabled, description] of [
    ['enable', true, 'enable a function'],
    ['disable', false, 'disable a function; users whom it refused can connect then'],
  ] as const) {
    functions
      .command(name)
      .description(`${description} (with or without a running server)`)
      .argument(...which)
      .option(...clientId)
      .action(async (reference, options) => (await load()).setEnabled(reference, enabled, options, output()))
  }
}
