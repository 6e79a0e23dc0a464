// Content and appearance of chat user interfaces, as in their own types (runtime contract 7.4). Keys are those of the
// user interfaces, not of the API: they contain hyphens and have no second spelling.
import { z } from 'zod'
import { defineResource, isObject, Properties, Text } from '#resources/define.ts'

const textMax = 262_144
const Version = z.literal('0.0.2').default('0.0.2')

const Flag = z.enum(['enabled', 'disabled']).default('enabled')

const FeatureOptions = z.strictObject({
  $version: Version,
  channel: z.strictObject({ create: Flag, profile: Flag }).prefault({}),
  emoji: z.strictObject({ picker: Flag }).prefault({}),
  message: z
    .strictObject({
      attachments: z.strictObject({ audio: Flag, file: Flag, image: Flag, video: Flag }).prefault({}),
      links: z.strictObject({ preview: Flag }).prefault({}),
      reactions: Flag,
      'read-receipts': Flag,
      search: Flag,
      threads: Flag,
      typing: Flag,
    })
    .prefault({}),
  user: z.strictObject({ presence: Flag, profile: Flag }).prefault({}),
})

/** Text, or nested groups of it: `{ text: { color: 'black' } }`. */
function isStyle(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return true
  return isObject(value) && depth < 8 && Object.values(value).every((each) => isStyle(each, depth + 1))
}
const Style = z
  .record(z.string(), z.unknown())
  .refine((value) => isStyle(value), 'must hold nothing but text and groups of it')

const styled = [
  'general',
  'container',
  'header',
  'footer',
  'content',
  'side-menu',
  'dropdown',
  'message',
  'markdown',
  'channels',
  'emoji',
  'icons',
]
const StylingOptions = z.strictObject({
  $version: Version,
  'base-theme': z.enum(['light', 'dark']).default('light'),
  stylesheet: Text(textMax).optional(),
  overrides: z.strictObject(Object.fromEntries(styled.map((name) => [name, Style.optional()]))).optional(),
})

const Elements = z.record(
  z.string(),
  z.strictObject({
    template: Text(textMax),
    classMaps: z.record(z.string(), z.record(z.string(), z.string())).prefault({}),
  }),
)

/** Returns a schema that treats the settings as custom data, whose keys the wire leaves alone, but validates them. */
function settingsOf(schema: z.ZodType, description: string) {
  const { $schema: _, ...described } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
      delete jsonSchema.propertyNames
    },
  })
  return Properties.superRefine((value, context) => {
    const { error } = schema.safeParse(value)
    for (const { path, message } of error?.issues ?? []) context.addIssue({ code: 'custom', path, message })
  }).meta({ ...described, description })
}

/** A customer's own HTML templates, by name. */
const UiElements = settingsOf(
  Elements,
  'Elements by name. `template` replaces the default template; `classMaps` maps the names that the template uses to CSS classes',
).meta({ additionalProperties: { type: 'object' } }) // in both spellings of the API
/** What users can do and see. */
const UiFeatures = settingsOf(
  FeatureOptions,
  'What users can do and see. Everything is enabled unless disabled here',
)
/** Colours and other styles. */
const UiStyles = settingsOf(StylingOptions, 'Theme, stylesheet, and overrides of the theme')

/** By the names of the topics on which clients receive updates. */
export const uiShapes = { elements: UiElements, features: UiFeatures, styles: UiStyles }
export type UiPart = keyof typeof uiShapes

const schemas = { elements: Elements, features: FeatureOptions, styles: StylingOptions }
/** The complete settings, including defaults. */
export type Ui = { [P in UiPart]: z.output<(typeof schemas)[P]> }

/** Completes an application's settings with the defaults. */
export function completeUi(set: Partial<Record<UiPart, unknown>>): Ui {
  return {
    elements: Elements.parse(set.elements ?? {}),
    features: FeatureOptions.parse(set.features ?? {}),
    styles: StylingOptions.parse(set.styles ?? {}),
  }
}

function resourceOf<P extends UiPart>(part: P, component: string) {
  return defineResource({
    name: `application_ui_${part}`,
    collection: part,
    component,
    shape: z.object({ settings: uiShapes[part] }),
    links: { self: () => `/application/ui/${part}`, application: () => '' },
  })
}

export const uiResources = {
  elements: resourceOf('elements', 'ApplicationUiElementsResource'),
  features: resourceOf('features', 'ApplicationUiFeaturesResource'),
  styles: resourceOf('styles', 'ApplicationUiStylesResource'),
}
