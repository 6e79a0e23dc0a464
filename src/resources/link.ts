// Links of documents (HAL).
import { z } from 'zod'

const Href = z
  .object({
    href: z.string().describe('A URL, or a URI template (RFC 6570)'),
    templated: z.boolean().optional().describe('True if the URL is a template'),
  })
  .meta({ id: 'Link' })

export const Links = z.record(z.string(), Href).meta({ id: 'Links', description: 'Links by their relation' })
