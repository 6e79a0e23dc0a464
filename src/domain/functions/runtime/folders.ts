import { join } from 'node:path'

/** Returns the folder with a folder for each application whose functions ran on this machine. */
export function runtimesFolder(home: string): string {
  return join(home, 'runtimes')
}

/** Returns the folder for what an application's functions keep on this machine. */
export function runtimeFolder(home: string, applicationId: number): string {
  return join(runtimesFolder(home), String(applicationId))
}
