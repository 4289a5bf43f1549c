import type { ArgumentSpec, OptionSpec } from '../cli/command.ts'
import type { EventDefinition, EventOf, RequestDefinition, RequestOf, ResponseOf } from '../link/define.ts'
import type { InstanceInfo } from '../link/messages/instances.ts'
import type { SlaveInfo } from '../link/messages/slaves.ts'

/** One command of a plugin: `ctl plugin <plugin> <path…>`. */
export interface CtlCommand {
  /** The words that name it, after the plugin's name. */
  readonly path: readonly string[]
  readonly summary: string
  /** More for the help and the reference, as whole sentences. */
  readonly details?: string
  readonly arguments?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  /** Does the work. What it throws is printed and decides the exit code. */
  run(context: CtlContext): Promise<void>
}

/** What was typed for a command, already held against its definition. */
export interface CtlArguments {
  /** The word of an argument; '' for an optional one that was left out. */
  word(name: string): string
  words(name: string): readonly string[]
  flag(name: string): boolean
  text(name: string): string | undefined
  list(name: string): readonly string[]
  /** A whole number, 0 or more. Throws a usage error. */
  integer(name: string): number | undefined
  /** A duration in milliseconds. Throws a usage error. */
  durationMs(name: string): number | undefined
}

/** What a command of a plugin works with. */
export interface CtlContext {
  readonly args: CtlArguments
  /** Asks the master, in messages of the plugin or of Corral. Throws what it answers, `unreachable`, `deadline`. */
  send<D extends RequestDefinition>(definition: D, data: RequestOf<D>): Promise<ResponseOf<D>>
  /** Tells the plugin's master part something; it hears it where the token may use plugins. */
  emit<D extends EventDefinition>(definition: D, data: EventOf<D>): Promise<void>
  /** Takes events that the plugin's master part sends to this control; to be called before the first `send`. */
  accept<D extends EventDefinition>(definition: D, listener: (data: EventOf<D>) => void): void
  /** The instance that an operator means by a name or an id. Throws `not_found`. */
  instance(word: string): Promise<InstanceInfo>
  slave(word: string): Promise<SlaveInfo>
  /** Prints data: as JSON or YAML where that was asked for, else the text. */
  print(value: unknown, text: () => string): Promise<void>
  /** Prints things of a kind as a table, or as an array. `empty` says what there is to do where there are none. */
  printList<Row>(rows: readonly Row[], columns: ReadonlyArray<{ readonly title: string; value(row: Row): string | number | boolean | null | undefined }>, empty: string): Promise<void>
  /** A line on stderr for the operator. */
  note(text: string): void
  /** An error that does not end the command: printed now; the first decides the exit code. */
  fail(error: unknown, subject?: string): void
}
