import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { formatData } from './format.ts'
import type { Format } from './format.ts'
import { formatFields, formatTable } from './table.ts'
import type { Column, FieldRows } from './table.ts'

/** A stream that may be a terminal. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** Prints a command's data on stdout, as a table for people or as JSON or YAML for programs. */
export class Output {
  readonly format: Format
  readonly #stream: Terminal

  constructor(stream: Terminal, format: Format) {
    this.#stream = stream
    this.format = format
  }

  /** Columns of the terminal; undefined where there is none, or it does not say: lines may be as long as they are then. */
  get width(): number | undefined {
    return (this.#stream.isTTY && this.#stream.columns) || undefined
  }

  /** A value; `text` gives what people see of it. */
  async data(value: unknown, text: () => string | Promise<string>): Promise<void> {
    await this.write(this.format === 'table' ? await text() : await formatData(value, this.format))
  }

  /** Things of a kind as a table, or as an array. `empty` says what there is to do where there are none. */
  list<Row>(rows: readonly Row[], columns: ReadonlyArray<Column<Row>>, empty: string): Promise<void> {
    return this.data(rows, () => (rows.length === 0 ? `${empty}\n` : formatTable(columns, rows, this.width)))
  }

  /** One thing as an object; an array where several were asked for. */
  objects<T>(values: readonly T[], areMany: boolean, fields: (value: T) => FieldRows): Promise<void> {
    return this.data(areMany ? values : values[0], () => values.map((value) => formatFields(fields(value), this.width)).join('\n'))
  }

  /** What was done, for programs; people have read it line by line. */
  async results(values: readonly unknown[], areMany: boolean): Promise<void> {
    if (this.format === 'table' || values.length === 0) return
    await this.data(areMany ? values : values[0], () => '')
  }

  /** A line for people; programs get the data instead. */
  async line(text: string): Promise<void> {
    if (this.format === 'table') await this.write(`${text}\n`)
  }

  /** Writes and waits until the reader has room for more, so that memory stays bounded. */
  async write(content: string | Uint8Array): Promise<void> {
    if (content.length === 0 || this.#stream.write(content)) return
    await once(this.#stream, 'drain')
  }

  /** Resolves when all that was written has left this process. */
  flush(): Promise<void> {
    return new Promise((resolve) => { this.#stream.write('', () => resolve()) })
  }
}
