// Extracts the code samples of Markdown files.
import { readFile } from 'node:fs/promises'

export interface Sample {
  file: string
  line: number
  language: string
  code: string
  /** Name of the sample's project file, if its first line is a comment with one. */
  name: string | undefined
}

export async function readSamples(file: string): Promise<Sample[]> {
  const text = await readFile(file, 'utf8')
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: language = '', 2: code = '' }) => ({
      file,
      line: text.slice(0, index).split('\n').length,
      language,
      code,
      name: /^(?:\/\/|#) ([\w./]+\.\w+)$/m.exec(code.split('\n', 1)[0] ?? '')?.[1],
    }),
  )
}
