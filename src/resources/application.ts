import { z } from 'zod'
import { defineResource, Id, Properties, Timestamp, Toggle } from '#resources/define.ts'

export const Application = z.object({
  id: Id,
  key: z.string().describe('API key with which real-time clients connect'),
  properties: Properties,
  createdTime: Timestamp.describe('Time at which the application was created'),
})
export type Application = z.output<typeof Application>

const ApplicationFeatures = z
  .object({ guestUsers: Toggle, userCreatedChannels: Toggle })
  .meta({ id: 'ApplicationFeatureSettingsProperties' })

/** Present both flat and under `features`, because both shapes are documented (contract h4). */
export const ApplicationSettings = z.object({
  guestUsers: Toggle,
  userCreatedChannels: Toggle,
  features: ApplicationFeatures.optional(),
})
export type ApplicationSettings = z.output<typeof ApplicationSettings>

export const UpdateApplicationSettings = z
  .object({
    guestUsers: Toggle.optional(),
    userCreatedChannels: Toggle.optional(),
    features: ApplicationFeatures.partial().optional(),
  })
  .meta({ id: 'ApplicationSettingsProperties' })
export type UpdateApplicationSettings = z.output<typeof UpdateApplicationSettings>

export const applicationResource = defineResource({
  name: 'application',
  collection: 'applications',
  component: 'ApplicationResource',
  shape: Application,
  links: {
    self: () => '',
    settings: () => '/application/settings',
    users: () => '/users',
    channels: () => '/channels',
    messages: () => '/messages',
    userSessions: () => '/user-sessions',
    chatSessions: () => '/chat-sessions',
    jobs: () => '/jobs',
    runtime: () => '/runtimes/nodejs',
    'find:users': () => '/users{?page,size,sort,name,unread,properties}',
    'find:channels': () => '/channels{?page,size,sort,type,members,startTime,endTime,properties}',
    'find:messages': () => '/messages{?size,username,query}',
  },
})

export const applicationSettingsResource = defineResource({
  name: 'application_settings',
  collection: 'settings',
  component: 'ApplicationSettingsResource',
  shape: ApplicationSettings,
  links: { self: () => '/application/settings', application: () => '' },
})
