export type Format = 'table' | 'json' | 'yaml'

/** Data as JSON or YAML text with a line break at its end. */
export async function formatData(value: unknown, format: 'json' | 'yaml'): Promise<string> {
  if (format === 'json') return `${JSON.stringify(value, undefined, 2)}\n`
  const { yamlText } = await import('./yaml.ts')
  return yamlText(value)
}
