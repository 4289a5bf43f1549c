import type { FileValues } from '../schema-files.ts'
import { lineEndOf, setLine } from './key-lines.ts'

interface Section { name: string; head: string | undefined; lines: string[] }

/** `[section]` blocks with the given keys set; all else stays. A new section goes to the end; section '' is before the first. */
export function editIni(text: string, set: FileValues): string {
  const end = lineEndOf(text)
  const sections = split(text)
  for (const [name, values] of Object.entries(set)) {
    let section = sections.find((candidate) => candidate.name === name)
    if (section === undefined) {
      section = { name, head: `[${name}]`, lines: [] }
      sections.push(section)
    }
    for (const [key, value] of Object.entries(values as FileValues)) {
      section.lines = setLine(section.lines, key, value)
    }
  }
  return sections.flatMap(({ head, lines }) => [...(head === undefined ? [] : [head]), ...lines]).map((line) => line + end).join('')
}

function split(text: string): Section[] {
  let current: Section = { name: '', head: undefined, lines: [] }
  const sections = [current]
  for (const line of text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)) {
    const name = /^\s*\[([^\]]*)\]/.exec(line)?.[1]
    if (name === undefined) {
      current.lines.push(line)
    } else {
      current = { name, head: line, lines: [] }
      sections.push(current)
    }
  }
  return sections
}
