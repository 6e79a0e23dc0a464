// What functions find in their environment: the customer's variables, and the credentials of a client that is the
// runtime's own. Both are kept sealed, in one piece.

import type { EnvironmentVariables } from '#resources/runtime.ts'

export interface Environment {
  clientId: string
  clientSecret: string
  variables: EnvironmentVariables
}

/** What an environment is sealed for: it opens for nothing else. */
export const about = (applicationId: number) => `the environment of application ${applicationId}`

/** Set by us; a customer's variable of such a name is passed over, so that what was read can be put back. */
export const presetNames: readonly string[] = [
  'CHATKITTY_CLIENT_ID',
  'CHATKITTY_CLIENT_SECRET',
  'CHATKITTY_CHAT_SERVICE_BASE_URL',
  'CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL',
  'CHATKITTY_APPLICATION_ID',
]

/** All variables as functions find them. */
export function variablesOf(
  url: string,
  applicationId: number,
  { clientId, clientSecret, variables }: Environment,
): EnvironmentVariables {
  return {
    CHATKITTY_CLIENT_ID: clientId,
    CHATKITTY_CLIENT_SECRET: clientSecret,
    CHATKITTY_CHAT_SERVICE_BASE_URL: url,
    CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL: url,
    CHATKITTY_APPLICATION_ID: String(applicationId),
    ...variables,
  }
}
