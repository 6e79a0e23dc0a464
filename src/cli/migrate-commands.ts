// Definitions of the commands `chatterie migrate …`.
import type { Command } from 'commander'
import type { Output } from '#cli/output.ts'

export function addMigrateCommands(program: Command, output: () => Output): void {
  const migrate = program
    .command('migrate')
    .description('move in from another service; whether the server runs or not')

  const into = (command: Command) =>
    command
      .option(
        '--application <application>',
        'into which: id, API key or client id (CHATTERIE_CLIENT_ID, the one that the home folder keeps, or the only one)',
      )
      .option('--dry-run', 'read and count, and write nothing')

  into(migrate.command('from-chatkitty'))
    .description('all that the Platform API of a ChatKitty application shows; run it again to go on')
    .option('--client-id <id>', 'of the application there (CHATKITTY_CLIENT_ID)')
    .option('--client-secret <secret>', 'better given as CHATKITTY_CLIENT_SECRET')
    .option('--base-url <url>', 'of the Platform API (CHATKITTY_BASE_URL, or https://api.chatkitty.com)')
    .option('--token-url <url>', 'where tokens are given (the hosted one, or /oauth/token below --base-url)')
    .option('--since <time>', 'a later pass: ask for the details of what is new or changed since alone')
    .option('--rate <number>', 'requests a second, at most', '10')
    .option('--patience <seconds>', 'how long a request is tried again while the source fails', '600')
    .option('--no-read-receipts', 'do not ask who has read what, which is one request a message')
    .action(async (options) => (await import('#cli/migrate.ts')).fromChatKitty(options, output()))

  const fromFiles = (name: string, description: string) =>
    into(migrate.command(name))
      .description(description)
      .argument('<file...>', 'JSON: all that is to be moved in, at once')
      .option('--copy-files', 'fetch files and pictures, and keep them here; they stay links otherwise')

  fromFiles('from-stream', "Stream Chat's export of channels and users").action(async (files, options) =>
    (await import('#cli/migrate.ts')).fromStream(files, options, output()),
  )
  fromFiles('from-sendbird', "Sendbird's data export of users, channels and messages").action(
    async (files, options) => (await import('#cli/migrate.ts')).fromSendbird(files, options, output()),
  )
  fromFiles('from-rocketchat', "collections of Rocket.Chat's database, as mongoexport writes them")
    .option('--base-url <url>', 'where the Rocket.Chat is whose files messages show')
    .action(async (files, options) =>
      (await import('#cli/migrate.ts')).fromRocketChat(files, options, output()),
    )

  migrate
    .command('forget')
    .description('forget what has become of what, once nothing more is to be moved in')
    .option('--application <application>', 'of which: id, API key or client id')
    .action(async (options) => (await import('#cli/migrate.ts')).forget(options, output()))
}
