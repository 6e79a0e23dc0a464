// The environment of functions: the customer's variables, and the credentials of the runtime's own client. Both are
// encrypted together.

import type { EnvironmentVariables } from '#resources/runtime.ts'

export interface Environment {
  clientId: string
  clientSecret: string
  variables: EnvironmentVariables
}

/** The purpose that an environment is sealed for; it cannot be opened for another. */
export const about = (applicationId: number) => `the environment of application ${applicationId}`

/** Preset variables. Customers' variables of these names are ignored, so that what was read can be written back. */
export const presetNames: readonly string[] = [
  'CHATKITTY_CLIENT_ID',
  'CHATKITTY_CLIENT_SECRET',
  'CHATKITTY_CHAT_SERVICE_BASE_URL',
  'CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL',
  'CHATKITTY_APPLICATION_ID',
]

/** Returns all variables that functions find in their environment. */
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
