// Links of documents (HAL).
import { z } from 'zod'

const Href = z
  .object({
    href: z.string().describe('URL, or URI template (RFC 6570)'),
    templated: z.boolean().optional().describe('Whether `href` is a template'),
  })
  .meta({ id: 'Link' })

export const Links = z
  .record(z.string(), Href)
  .meta({ id: 'Links', description: 'Links, keyed by their relation' })
