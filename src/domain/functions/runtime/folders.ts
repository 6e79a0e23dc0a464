import { join } from 'node:path'

/** Has a folder for each application whose functions ran in this process. */
export function runtimesFolder(home: string): string {
  return join(home, 'runtimes')
}

/** What an application's functions keep on this machine. */
export function runtimeFolder(home: string, applicationId: number): string {
  return join(runtimesFolder(home), String(applicationId))
}
