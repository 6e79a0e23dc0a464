import { fileURLToPath } from 'node:url'

/** The path of a file in exports/. */
export const exported = (name: string) => fileURLToPath(new URL(`exports/${name}`, import.meta.url))
