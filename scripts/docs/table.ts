/** A Markdown table; line breaks and bars within cells are made harmless. */
export function table(titles: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [titles, titles.map(() => '---'), ...rows].map(line).join('\n')
}

/** Text as code, or nothing for no text. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

/** A whole page: its parts with blank lines between them. */
export function page(...parts: readonly string[]): string {
  return `${parts.map((part) => part.trim()).filter(Boolean).join('\n\n')}\n`
}

export const generatedNote = '<!-- Made by `npm run docs` from the code. Changes belong there. -->'

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')).join(' | ')} |`
}
