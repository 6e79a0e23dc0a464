import semver from 'semver'
import validatePackageName from 'validate-npm-package-name'
import type { Context } from '#context.ts'
import { updateRuntime } from '#data/functions/runtimes.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { ensureRuntime } from '#domain/functions/runtime/ensure-runtime.ts'
import { mustInstall } from '#domain/functions/runtime/must-install.ts'
import { presentRuntime } from '#domain/functions/runtime/present-runtime.ts'
import { ChatError, type FieldProblem, mustExist, summaryOf } from '#errors.ts'
import {
  defaultDependencies,
  type Runtime,
  type RuntimeDependency,
  type UpdateDependencies,
} from '#resources/runtime.ts'

/**
 * Replaces the customer's dependencies, once they are installed. The list may include default ones, so that what was
 * read can be written back.
 * @throws ChatError 400 with npm's reason if they cannot be installed; the previous ones then stay in use
 */
export async function updateDependencies(
  ctx: Context,
  caller: ApplicationCaller,
  input: UpdateDependencies,
): Promise<Runtime> {
  mustBeInstallable(input)
  const { applicationId } = caller
  await ensureRuntime(ctx, caller)
  const dependencies = input.filter(({ name }) => !defaultVersions.has(name)).map(toCustom)
  await mustInstall(ctx, applicationId, dependencies)
  const updated = await ctx.db.transact((tx) => updateRuntime(tx, applicationId, { dependencies }))
  const record = mustExist(updated, 'runtime of application', applicationId)
  ctx.functions.deploy(applicationId)
  return presentRuntime(ctx, caller, record)
}

const defaultVersions = new Map(defaultDependencies.map(({ name, version }) => [name, version]))

function toCustom({ name, version }: RuntimeDependency): RuntimeDependency {
  return { name, version, defaultDependency: false }
}

function mustBeInstallable(dependencies: UpdateDependencies): void {
  const problems = dependencies.flatMap((dependency, index) => {
    const problem = problemOf(dependency, dependencies.slice(0, index))
    return problem ? [toProblem(index, problem)] : []
  })
  if (problems.length === 0) return
  throw new ChatError('ClientError', summaryOf(problems), problems)
}

type Problem = Pick<FieldProblem, 'field' | 'message' | 'code'>

function problemOf(
  { name, version, defaultDependency }: RuntimeDependency,
  before: UpdateDependencies,
): Problem | undefined {
  if (!validatePackageName(name).validForOldPackages) {
    return { field: 'name', code: 'invalid', message: `${name} cannot be the name of an npm package` }
  }
  if (semver.validRange(version) === null) {
    const message = `${version} is not a version or a range of versions, such as ^9.8.2`
    return { field: 'version', code: 'invalid', message }
  }
  if (before.some((other) => other.name === name)) {
    return { field: 'name', code: 'already_exists', message: `${name} is there twice` }
  }
  const given = defaultVersions.get(name)
  if (given !== undefined && given !== version && !defaultDependency) {
    const message = `${name} is a default dependency, of version ${given}`
    return { field: 'version', code: 'invalid', message }
  }
  return undefined
}

function toProblem(index: number, { field, ...problem }: Problem): FieldProblem {
  return { resource: 'runtime', field: `${index}.${field}`, ...problem }
}
