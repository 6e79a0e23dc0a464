// Resolves what functions `require`: Node's modules, the dependencies of their runtime, and the default ones.
import { createRequire } from 'node:module'
import { join } from 'node:path'

type Packages = Record<string, (() => unknown) | undefined>

/** Returns the `require` function for customers' code. */
export function createCustomerRequire(
  packagesFile: string,
  dependenciesFolder: string | undefined,
): NodeJS.Require {
  const installed = createRequire(join(dependenciesFolder ?? process.cwd(), 'function.js'))
  const ours = createRequire(packagesFile)
  const load = (id: string) => {
    const found = tryResolve(installed, id)
    if (found) return installed(id)
    const packages: Packages = ours(packagesFile)
    const given = Object.hasOwn(packages, id) ? packages[id] : undefined
    if (given) return given()
    const error = new Error(`Cannot find module '${id}': it is not one of the runtime's dependencies`)
    throw Object.assign(error, { code: 'MODULE_NOT_FOUND' })
  }
  return Object.assign(load, installed)
}

function tryResolve(from: NodeJS.Require, id: string): string | undefined {
  try {
    return from.resolve(id)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_ACCESS_DENIED') return undefined
    throw error
  }
}
