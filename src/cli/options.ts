// Options that several commands have.
import type { Command } from 'commander'

export const clientId = [
  '--client-id <id>',
  'client id of the application (default: CHATTERIE_CLIENT_ID, or that in the home folder)',
] as const

/** Adds the options of commands that connect to a running server. */
export function remote(command: Command): Command {
  return command
    .option('--url <url>', 'URL of the server (default: PUBLIC_URL, or http://localhost with PORT)')
    .option(...clientId)
    .option('--client-secret <secret>', 'client secret; safer in CHATTERIE_CLIENT_SECRET')
}
