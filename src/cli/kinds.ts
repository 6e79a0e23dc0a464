export const importKinds = ['users', 'channels', 'channel-members', 'messages'] as const
export type ImportKind = (typeof importKinds)[number]

export const exportKinds = ['messages', 'users'] as const
export type ExportKind = (typeof exportKinds)[number]

export const uiParts = ['elements', 'features', 'styles'] as const
