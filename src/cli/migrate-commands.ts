// Definitions of the commands `chatterie migrate …`.
import type { Command } from 'commander'
import type { Output } from '#cli/output.ts'

export function addMigrateCommands(program: Command, output: () => Output): void {
  const migrate = program
    .command('migrate')
    .description('move data in from another service, with or without a running server')

  const into = (command: Command) =>
    command
      .option(
        '--application <application>',
        'target application: id, API key or client id (default: CHATTERIE_CLIENT_ID, that in the home folder, or the only one)',
      )
      .option('--dry-run', 'read and count, but write nothing')

  into(migrate.command('from-chatkitty'))
    .description(
      'move everything that the Platform API of a ChatKitty application shows; run it again to resume',
    )
    .option('--client-id <id>', 'client id of the application there (CHATKITTY_CLIENT_ID)')
    .option('--client-secret <secret>', 'client secret; safer in CHATKITTY_CLIENT_SECRET')
    .option(
      '--base-url <url>',
      'URL of the Platform API (default: CHATKITTY_BASE_URL, or https://api.chatkitty.com)',
    )
    .option('--token-url <url>', 'token endpoint (default: the hosted one, or /oauth/token below --base-url)')
    .option('--since <time>', 'for a later run: read details only of what is new or changed since this time')
    .option('--rate <number>', 'maximum requests per second', '10')
    .option('--patience <seconds>', 'how long to retry a request while the source fails', '600')
    .option('--no-read-receipts', 'do not read read receipts, which take one request per message')
    .action(async (options) => (await import('#cli/migrate.ts')).fromChatKitty(options, output()))

  const fromFiles = (name: string, description: string) =>
    into(migrate.command(name))
      .description(description)
      .argument('<file...>', 'all JSON files of the export, in one run')
      .option('--copy-files', 'download files and pictures, which stay links otherwise')

  fromFiles('from-stream', "move in Stream Chat's export of channels and users").action(
    async (files, options) => (await import('#cli/migrate.ts')).fromStream(files, options, output()),
  )
  fromFiles('from-sendbird', "move in Sendbird's data export of users, channels and messages").action(
    async (files, options) => (await import('#cli/migrate.ts')).fromSendbird(files, options, output()),
  )
  fromFiles('from-rocketchat', "move in collections of Rocket.Chat's database, as written by mongoexport")
    .option('--base-url <url>', 'URL of the Rocket.Chat server that hosts the files of messages')
    .action(async (files, options) =>
      (await import('#cli/migrate.ts')).fromRocketChat(files, options, output()),
    )

  migrate
    .command('forget')
    .description('delete the records of what was moved, when the move is finished')
    .option('--application <application>', 'id, API key or client id of the application')
    .action(async (options) => (await import('#cli/migrate.ts')).forget(options, output()))
}
