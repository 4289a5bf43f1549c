import type { FieldTable } from './definition.ts'

/** The fields of a program as a Markdown table, for the generated reference. Internal fields are left out. */
export function configReference(definition: FieldTable): string {
  const rows = definition.names.flatMap((name) => {
    const field = definition.require(name)
    if (field.isInternal) return []
    const byDefault = field.default === undefined ? '' : code(field.format(field.default))
    return [[code(name), field.type, byDefault, code(definition.variableOf(name)), field.description]]
  })
  const header = ['Field', 'Type', 'Default', 'Environment', 'Meaning']
  return `${[header, header.map(() => '---'), ...rows].map(line).join('\n')}\n`
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')).join(' | ')} |`
}

function code(text: string): string {
  return text === '' ? '(empty)' : `\`${text}\``
}
