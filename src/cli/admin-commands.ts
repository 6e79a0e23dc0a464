// Definitions of the commands for operators; admin-actions.ts implements them.
import { type Command, Option } from 'commander'
import type { Output } from '#cli/output.ts'
import { roles } from '#resources/admin/role.ts'

const load = () => import('#cli/admin-actions.ts')

type Outputs = () => Output

export function addAdminCommands(program: Command, output: Outputs): void {
  addOperatorCommands(program, output)
  addKeyCommands(program, output)
  addModerationCommands(program, output)
  addWebhookCommands(program, output)
  addDataLifeCommands(program, output)

  remote(program.command('audit'))
    .description('list who did what, newest first')
    .option('--application <id>', 'only entries about this application')
    .option('--actor <name>', 'only actions of actors with this name')
    .option(
      '--action <action>',
      'only this action, such as message.deleted, or kind of actions, such as message',
    )
    .option('--from <time>', 'only entries from this time on')
    .option('--to <time>', 'only entries before this time')
    .option('--limit <number>', 'maximum number of entries', '50')
    .action(async (options) => (await load()).audit(options, output()))
}

const role = () =>
  new Option('--role <role>', 'role; each includes the permissions of those before it').choices([...roles])
const limits = ['--applications <ids>', 'ids of the only applications they may see: 1,2'] as const

function addOperatorCommands(program: Command, output: Outputs): void {
  const operators = program
    .command('operators')
    .description('manage operators, who can sign in to the console')
  remote(operators.command('list'))
    .description('list operators')
    .action(async (options) => (await load()).listOperators(options, output()))
  remote(operators.command('create'))
    .description('create an operator, with a generated password that is printed once')
    .argument('<username>')
    .addOption(role().default('viewer'))
    .option(...limits)
    .option('--from-environment', 'use the password in CHATTERIE_ADMIN_PASSWORD instead')
    .action(async (username, options) => (await load()).createOperator(username, options, output()))
  remote(operators.command('update'))
    .description('change the role or the applications of an operator')
    .argument('<username>')
    .addOption(role())
    .option('--applications <ids>', 'ids of the only applications they may see: 1,2; or all')
    .action(async (username, options) => (await load()).updateOperator(username, options, output()))
  remote(operators.command('set-password'))
    .description('give an operator a generated password, and end their sessions')
    .argument('<username>')
    .option('--from-environment', 'use the password in CHATTERIE_ADMIN_PASSWORD instead')
    .action(async (username, options) => (await load()).setPassword(username, options, output()))
  remote(operators.command('delete'))
    .description('delete an operator, and end their sessions')
    .argument('<username>')
    .action(async (username, options) => (await load()).deleteOperator(username, options, output()))
}

function addKeyCommands(program: Command, output: Outputs): void {
  const keys = program.commands.find((each) => each.name() === 'keys') ?? program.command('keys')
  remote(keys.command('list'))
    .description('list admin keys')
    .action(async (options) => (await load()).listKeys(options, output()))
  remote(keys.command('create'))
    .description('create an admin key, which is printed once')
    .argument('<name>', 'name that says what the key is for')
    .addOption(role().default('viewer'))
    .option(...limits)
    .option('--expires <time>', 'expiry, such as 2027-01-31T00:00:00Z (default: never)')
    .action(async (name, options) => (await load()).createKey(name, options, output()))
  remote(keys.command('delete'))
    .description('delete an admin key')
    .argument('<id>')
    .action(async (id, options) => (await load()).deleteKey(id, options, output()))
}

function addModerationCommands(program: Command, output: Outputs): void {
  const reports = program.command('reports').description('manage messages that users have reported')
  inside(reports.command('list'))
    .description('list reports, newest first')
    .addOption(
      new Option('--state <state>', 'state of the reports').choices(['open', 'resolved']).default('open'),
    )
    .action(async (options) => (await load()).listReports(options, output()))
  inside(reports.command('resolve'))
    .description('keep or delete a reported message, which resolves all open reports of it')
    .argument('<id>', 'id of the report')
    .argument('<action>', 'keep or delete')
    .action(async (id, action, options) => (await load()).resolveReport(id, action, options, output()))

  inside(program.command('ban'))
    .description('ban a user: ends their sessions, and refuses connections and messages on their behalf')
    .argument('<user>', 'name or id')
    .option('--until <time>', 'end of the ban, such as 2027-01-31T00:00:00Z (default: never)')
    .option('--reason <text>', 'reason shown to the user')
    .action(async (user, options) => (await load()).ban(user, options, output()))
  inside(program.command('unban'))
    .description('lift the ban of a user')
    .argument('<user>', 'name or id')
    .action(async (user, options) => (await load()).unban(user, options, output()))
}

function addWebhookCommands(program: Command, output: Outputs): void {
  const webhooks = program
    .command('webhooks')
    .description('work with webhooks, which send events to your servers')
  inside(webhooks.command('listen'))
    .description('print webhook deliveries live, and optionally forward them to a server on this machine')
    .argument('[url]', 'URL to forward deliveries to (default: only print them)')
    .option('--events <types>', 'types of events: message.created,user.connected', '*')
    .addHelpText(
      'after',
      '\nDeliveries are signed with the secret in CHATTERIE_WEBHOOK_SECRET, or with a generated one, which is printed.',
    )
    .action(async (url, options) => (await import('#cli/webhooks.ts')).listen(url, options, output()))
}

function addDataLifeCommands(program: Command, output: Outputs): void {
  const load = () => import('#cli/data-life-actions.ts')
  const retention = program.command('retention').description('manage how long data is kept')
  inside(retention.command('set', { isDefault: true }))
    .description('show how long data is kept, after applying the given changes: days, or off for no limit')
    .option('--messages <days>', 'messages of PUBLIC and PRIVATE channels')
    .option('--direct-messages <days>', 'messages of DIRECT channels')
    .option('--files <days>', 'messages with a file, and the file itself')
    .option('--inactive-channels <days>', 'channels without a new message')
    .action(async (options) => (await load()).retention(options, output()))
  inside(retention.command('preview'))
    .description('show what the next run would remove')
    .action(async (options) => (await load()).previewRetention(options, output()))
  inside(retention.command('run'))
    .description('remove expired data now')
    .action(async (options) => (await load()).runRetention(options, output()))

  const users = program.command('users').description('export or erase the data of a person')
  inside(users.command('export'))
    .description('export all data of a person as a ZIP, in a job')
    .argument('<user>', 'name or id')
    .action(async (user, options) => (await load()).exportUser(user, options, output()))
  inside(users.command('erase'))
    .description('delete a user and everything that identifies them; this cannot be undone')
    .argument('<user>', 'name, or id, also of a user who is deleted already')
    .addOption(
      new Option('--messages <what>', 'what to do with their messages')
        .choices(['keep', 'redact', 'delete'])
        .makeOptionMandatory(),
    )
    .action(async (user, options) => (await load()).eraseUser(user, options, output()))
}

/** Adds the option of a server elsewhere; without it, a command works on the database of the settings. */
function remote(command: Command): Command {
  return command.option(
    '--server <url>',
    'URL of a server elsewhere; requires an admin key in CHATTERIE_ADMIN_KEY',
  )
}

function inside(command: Command): Command {
  return remote(command).option('--application <id>', 'id of the application (default: the only one)')
}
