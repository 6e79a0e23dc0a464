// The list of sections, with who may see them and how they are reached.
import type { ReactNode } from 'react'
import { Applications } from './applications.tsx'
import { Audit } from './audit.tsx'
import { Channels } from './channels.tsx'
import { Functions } from './functions.tsx'
import { Jobs } from './jobs.tsx'
import { AdminKeys } from './keys.tsx'
import { Live } from './live.tsx'
import { Look } from './look.tsx'
import { Messages } from './messages.tsx'
import { Operators } from './operators.tsx'
import { Overview } from './overview.tsx'
import { Reports } from './reports.tsx'
import { Sessions } from './sessions.tsx'
import { Settings } from './settings.tsx'
import { Users } from './users.tsx'
import { Webhooks } from './webhooks.tsx'

export interface SectionEntry {
  path: string
  title: string
  /** The letter to press after `g`. */
  letter: string
  /** The section is shown to operators who may call this operation. */
  needs: string
  component: () => ReactNode
}

/** The sections of an application. */
export const sections: SectionEntry[] = [
  { path: 'overview', title: 'Overview', letter: 'o', needs: 'retrieveApplication', component: Overview },
  { path: 'messages', title: 'Messages', letter: 'm', needs: 'listMessages', component: Messages },
  { path: 'users', title: 'Users', letter: 'u', needs: 'listUsers', component: Users },
  { path: 'channels', title: 'Channels', letter: 'c', needs: 'listChannels', component: Channels },
  { path: 'reports', title: 'Reports', letter: 'r', needs: 'listReports', component: Reports },
  { path: 'live', title: 'Live', letter: 'l', needs: 'watchLive', component: Live },
  { path: 'sessions', title: 'Sessions', letter: 'e', needs: 'listSessions', component: Sessions },
  { path: 'jobs', title: 'Jobs', letter: 'j', needs: 'listJobs', component: Jobs },
  { path: 'functions', title: 'Functions', letter: 'f', needs: 'listFunctions', component: Functions },
  { path: 'webhooks', title: 'Webhooks', letter: 'w', needs: 'listWebhooks', component: Webhooks },
  { path: 'look', title: 'Look', letter: 'd', needs: 'retrieveUi', component: Look },
  { path: 'settings', title: 'Settings', letter: 's', needs: 'retrieveSettings', component: Settings },
]

/** The sections of the installation. */
export const installation: SectionEntry[] = [
  {
    path: 'applications',
    title: 'Applications',
    letter: 'a',
    needs: 'listApplications',
    component: Applications,
  },
  { path: 'operators', title: 'Operators', letter: 'p', needs: 'listOperators', component: Operators },
  { path: 'keys', title: 'Admin keys', letter: 'k', needs: 'listKeys', component: AdminKeys },
  { path: 'audit', title: 'Audit', letter: 't', needs: 'listAudit', component: Audit },
]
