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
    .description('who did what, newest first')
    .option('--application <id>', 'only what is about it')
    .option('--actor <name>', 'only what somebody of this name did')
    .option('--action <action>', 'only this, such as message.deleted, or a kind, such as message')
    .option('--from <time>', 'only from this time on')
    .option('--to <time>', 'only before this time')
    .option('--limit <number>', 'how many', '50')
    .action(async (options) => (await load()).audit(options, output()))
}

const role = () => new Option('--role <role>', 'each may what the ones before it may').choices([...roles])
const limits = ['--applications <ids>', 'the only ones that are theirs to see: 1,2'] as const

function addOperatorCommands(program: Command, output: Outputs): void {
  const operators = program.command('operators').description('manage who signs in to the console')
  remote(operators.command('list'))
    .description('list operators')
    .action(async (options) => (await load()).listOperators(options, output()))
  remote(operators.command('create'))
    .description('make an operator, with a generated password that is printed once')
    .argument('<username>')
    .addOption(role().default('viewer'))
    .option(...limits)
    .option('--from-environment', 'with the password in CHATTERIE_ADMIN_PASSWORD instead')
    .action(async (username, options) => (await load()).createOperator(username, options, output()))
  remote(operators.command('update'))
    .description('change the role of an operator, or their applications')
    .argument('<username>')
    .addOption(role())
    .option('--applications <ids>', 'the only ones that are theirs to see: 1,2; or all')
    .action(async (username, options) => (await load()).updateOperator(username, options, output()))
  remote(operators.command('set-password'))
    .description('give an operator a generated password, and end their sessions')
    .argument('<username>')
    .option('--from-environment', 'the password in CHATTERIE_ADMIN_PASSWORD instead')
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
    .description('make an admin key, which is printed once')
    .argument('<name>', 'what it is for')
    .addOption(role().default('viewer'))
    .option(...limits)
    .option('--expires <time>', 'such as 2027-01-31T00:00:00Z')
    .action(async (name, options) => (await load()).createKey(name, options, output()))
  remote(keys.command('delete'))
    .description('take an admin key away')
    .argument('<id>')
    .action(async (id, options) => (await load()).deleteKey(id, options, output()))
}

function addModerationCommands(program: Command, output: Outputs): void {
  const reports = program.command('reports').description('what users have reported of messages')
  inside(reports.command('list'))
    .description('list reports, newest first')
    .addOption(new Option('--state <state>', 'which').choices(['open', 'resolved']).default('open'))
    .action(async (options) => (await load()).listReports(options, output()))
  inside(reports.command('resolve'))
    .description('keep the message of a report, or delete it; resolves all open reports of it')
    .argument('<id>', 'of the report')
    .argument('<action>', 'keep or delete')
    .action(async (id, action, options) => (await load()).resolveReport(id, action, options, output()))

  inside(program.command('ban'))
    .description('keep a user out: their sessions end, they cannot connect, nothing is sent on their behalf')
    .argument('<user>', 'name or id')
    .option('--until <time>', 'such as 2027-01-31T00:00:00Z; for ever where absent')
    .option('--reason <text>', 'what the user is told')
    .action(async (user, options) => (await load()).ban(user, options, output()))
  inside(program.command('unban'))
    .description('let a user in again')
    .argument('<user>', 'name or id')
    .action(async (user, options) => (await load()).unban(user, options, output()))
}

function addWebhookCommands(program: Command, output: Outputs): void {
  const webhooks = program.command('webhooks').description('servers of yours that are told what happens')
  inside(webhooks.command('listen'))
    .description('show what webhooks are told as it happens, and hand it on to a server on this machine')
    .argument('[url]', 'of that server; nothing is handed on where absent')
    .option('--events <types>', 'only these: message.created,user.connected', '*')
    .addHelpText(
      'after',
      '\nDeliveries are signed with the secret in CHATTERIE_WEBHOOK_SECRET, or else with one that is printed.',
    )
    .action(async (url, options) => (await import('#cli/webhooks.ts')).listen(url, options, output()))
}

function addDataLifeCommands(program: Command, output: Outputs): void {
  const load = () => import('#cli/data-life-actions.ts')
  const retention = program.command('retention').description('how long data are kept')
  inside(retention.command('set', { isDefault: true }))
    .description('show it, and change what is given: a number of days, or off for ever')
    .option('--messages <days>', 'messages of PUBLIC and PRIVATE channels')
    .option('--direct-messages <days>', 'messages of DIRECT channels')
    .option('--files <days>', 'messages that show a file, with the file')
    .option('--inactive-channels <days>', 'channels without a new message')
    .action(async (options) => (await load()).retention(options, output()))
  inside(retention.command('preview'))
    .description('what the next run would remove')
    .action(async (options) => (await load()).previewRetention(options, output()))
  inside(retention.command('run'))
    .description('remove what is too old now')
    .action(async (options) => (await load()).runRetention(options, output()))

  const users = program.command('users').description("people's data")
  inside(users.command('export'))
    .description('write what there is of a person into a ZIP, in a job')
    .argument('<user>', 'name or id')
    .action(async (user, options) => (await load()).exportUser(user, options, output()))
  inside(users.command('erase'))
    .description('delete a user and whatever names them; this cannot be undone')
    .argument('<user>', 'name, or id of one that may be deleted already')
    .addOption(
      new Option('--messages <what>', 'what becomes of what they wrote')
        .choices(['keep', 'redact', 'delete'])
        .makeOptionMandatory(),
    )
    .action(async (user, options) => (await load()).eraseUser(user, options, output()))
}

/** Adds the option of a server elsewhere; without it, a command works on the database of the settings. */
function remote(command: Command): Command {
  return command.option('--server <url>', 'a server elsewhere, with an admin key in CHATTERIE_ADMIN_KEY')
}

function inside(command: Command): Command {
  return remote(command).option('--application <id>', 'which; the only one where absent')
}
