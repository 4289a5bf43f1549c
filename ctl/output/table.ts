import { escapeControls } from '../../lib/log/escape.ts'
import { textWidth, truncate } from './text-width.ts'

export interface Column<Row> {
  readonly title: string
  /** What is printed of a row; null and '' print as `-`. */
  value(row: Row): Cell
  readonly align?: 'right'
  /** Left out where no row has a value. */
  readonly isOptional?: boolean
}

/** Names with their values, in the order in which they are printed. */
export type FieldRows = ReadonlyArray<readonly [string, Cell]>

type Cell = string | number | boolean | null | undefined

const gap = '  '
const nothing = '-'
/** Nothing is cut below this, or it could not be told from anything else. */
const narrowest = 4

/**
 * Rows as lines under their titles. Each row is one line: where the table is wider than `width` columns, the widest
 * column is cut with `…`, then the next. Without a width nothing is cut.
 */
export function formatTable<Row>(all: ReadonlyArray<Column<Row>>, rows: readonly Row[], width?: number): string {
  const columns = all.filter((column) => !column.isOptional || rows.some((row) => cellText(column.value(row)) !== nothing))
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map((column) => cellText(column.value(row))))]
  const natural = columns.map((_, index) => Math.max(...cells.map((line) => textWidth(line[index] ?? ''))))
  const widths = width === undefined ? natural : fitWidths(natural, width)
  return cells.map((line) => `${formatLine(line, widths, columns)}\n`).join('')
}

/** Fields and values, one pair a line, further lines of a value below its first; values are cut as in a table. */
export function formatFields(fields: FieldRows, width?: number): string {
  const label = Math.max(...fields.map(([name]) => textWidth(name)))
  return fields.map(([name, value]) => {
    const lines = typeof value === 'string' ? value.split('\n') : [value]
    const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(narrowest, width - label - gap.length)
    return lines.map((line, index) => `${pad(index === 0 ? name : '', label)}${gap}${truncate(cellText(line), room)}\n`).join('')
  }).join('')
}

/** Widths that together fit, taken from the widest columns first. */
export function fitWidths(natural: readonly number[], available: number): number[] {
  const widths = [...natural]
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap.length * (widths.length - 1) - available
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths))
    const current = widths[widest] ?? 0
    if (current <= narrowest) break
    // Down to the second widest in one step, and from there evenly.
    const second = Math.max(narrowest, ...widths.filter((_, index) => index !== widest))
    const cut = Math.min(excess, Math.max(1, current - second))
    widths[widest] = current - cut
    excess -= cut
  }
  return widths
}

function cellText(value: Cell): string {
  if (value === null || value === undefined || value === '') return nothing
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  // What games and peers say must not break a line or reach the terminal as an escape sequence.
  return escapeControls(String(value))
}

function formatLine<Row>(line: readonly string[], widths: readonly number[], columns: ReadonlyArray<Column<Row>>): string {
  const texts = line.map((text, index) => pad(truncate(text, widths[index] ?? 0), widths[index] ?? 0, columns[index]?.align))
  return texts.join(gap).trimEnd()
}

function pad(text: string, width: number, align?: 'right'): string {
  const blank = ' '.repeat(Math.max(0, width - textWidth(text)))
  return align === 'right' ? blank + text : text + blank
}
