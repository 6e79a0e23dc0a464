// Reads the settings of an application, and its functions.
import { type ChatKittyApi, Refusal } from '#migrate/chatkitty/api.ts'
import { all } from '#migrate/chatkitty/lists.ts'
import type { Step } from '#migrate/source.ts'

export function settingsStep(api: ChatKittyApi): Step {
  return {
    name: 'settings',
    title: 'Reading settings',
    unit: 'settings',
    async read(stage) {
      type Toggles = { guestUsers?: string; userCreatedChannels?: string }
      const settings = await api.get<Toggles & { features?: Toggles }>('/application/settings')
      const { properties } = await api.get<{ properties?: unknown }>('/application')
      const ui: Record<string, unknown> = {}
      for (const part of ['elements', 'features', 'styles']) {
        const found = await orNothing(api.get<{ settings: unknown }>(`/application/ui/${part}`))
        if (found) ui[part] = found.settings
      }
      const { guestUsers, userCreatedChannels } = { ...settings.features, ...settings }
      const content = { guestUsers, userCreatedChannels, properties, ui }
      await stage.put('settings', [{ key: 'application', place: 0, content }])
    },
  }
}

/** Returns undefined if the service does not have the resource. */
async function orNothing<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof Refusal && [403, 404, 405].includes(error.status)) return undefined
    throw error
  }
}

interface RuntimeDocument {
  dependencies?: { name: string; version: string; defaultDependency: boolean }[]
  environmentVariables?: Record<string, string>
  initializationScript?: { script?: string }
}

interface FunctionDocument {
  id: number
  type: string
  name: string
  description?: string
  enabled: boolean
}

export function functionsStep(api: ChatKittyApi): Step {
  return {
    name: 'functions',
    title: 'Reading functions',
    unit: 'functions',
    async read(stage) {
      const runtime = await orNothing(api.get<RuntimeDocument>('/runtimes/nodejs'))
      if (!runtime) return
      const content = {
        dependencies: (runtime.dependencies ?? []).filter(({ defaultDependency }) => !defaultDependency),
        environmentVariables: runtime.environmentVariables ?? {},
        initializationScript: runtime.initializationScript?.script || undefined,
      }
      await stage.put('runtime', [{ key: 'nodejs', place: 0, content }])
      const functions = await all<FunctionDocument>(api, '/runtimes/nodejs/functions', 'functions')
      let done = 0
      for (const { id, ...described } of functions) {
        type Version = { versionNumber: number; handlerScript: string }
        const versions = await all<Version>(api, `/functions/${id}/versions`, 'versions')
        const scripts = versions
          .toSorted((a, b) => a.versionNumber - b.versionNumber)
          .map(({ handlerScript }) => handlerScript)
        await stage.put('function', [
          { key: String(id), place: id, content: { ...described, versions: scripts } },
        ])
        stage.progress(++done, functions.length)
      }
    },
  }
}
