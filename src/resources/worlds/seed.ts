// The initial content of a world (testing contract 2): items as in imports, with names for channels and authors.
import { z } from 'zod'
import { RequiredText } from '#resources/define.ts'
import { FunctionType } from '#resources/function.ts'
import type { ChannelImport, SeedMessage, UserImport } from '#resources/imports.ts'
import { scriptMax } from '#resources/runtime.ts'
import { nameMax } from '#resources/user.ts'

export const SeedFunction = z.strictObject({
  name: RequiredText(nameMax),
  event: FunctionType,
  script: RequiredText(scriptMax),
})
export type SeedFunction = z.output<typeof SeedFunction>

export interface Seed {
  users: UserImport[]
  channels: ChannelImport[]
  messages: SeedMessage[]
  functions: SeedFunction[]
}
