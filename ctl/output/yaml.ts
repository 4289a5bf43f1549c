import { stringify } from 'yaml'

/** A value as YAML, texts unfolded. A file of its own, so that the library is loaded only where YAML is asked for. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0 })
}
