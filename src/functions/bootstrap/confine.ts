// Removes what Node's permission model leaves open and functions do not need: signals to other processes, listening,
// and engine settings that would undermine the limits.
import cluster from 'node:cluster'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import traceEvents from 'node:trace_events'
import v8 from 'node:v8'

class ForbiddenError extends Error {
  override name = 'ForbiddenError'
}

function refuse(owner: object, ownerName: string, names: string[]): void {
  for (const name of names) {
    if (!(name in owner)) continue
    const value = () => {
      throw new ForbiddenError(`functions may not use ${ownerName}.${name}`)
    }
    Object.defineProperty(owner, name, { value, writable: false, configurable: false })
  }
}

/** Removes them permanently; must be called before customers' code is loaded. */
export function confine(): void {
  refuse(process, 'process', [
    ...['kill', '_kill', '_debugProcess', '_debugEnd', 'binding', '_linkedBinding', 'dlopen', 'execve'],
    ...['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups', 'chdir', 'umask'],
  ])
  refuse(os, 'os', ['setPriority'])
  refuse(cluster, 'cluster', ['fork', 'setupPrimary', 'setupMaster'])
  refuse(traceEvents, 'trace_events', ['createTracing'])
  refuse(v8, 'v8', [
    ...['setFlagsFromString', 'setHeapSnapshotNearHeapLimit', 'writeHeapSnapshot', 'takeCoverage'],
    'startupSnapshot',
  ])
  // Needed if sqlite cannot be switched off: its databases are files that need no permission.
  const sqlite = process.getBuiltinModule('node:sqlite')
  if (sqlite) refuse(sqlite, 'sqlite', Object.keys(sqlite))
  syncBuiltinESMExports()
}
