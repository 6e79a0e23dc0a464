// Formats openapi.yaml and openapi-admin.yaml.
import { stringify } from 'yaml'

/** Returns a document as it is committed. */
export function toYaml(document: object): string {
  return stringify(document, { lineWidth: 110, blockQuote: 'literal', aliasDuplicateObjects: false })
}
