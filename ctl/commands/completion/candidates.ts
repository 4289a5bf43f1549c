import { ctlProgram } from '../../command.ts'
import type { CommandSpec, Completion, OptionSpec } from '../../command.ts'

/** What the last of the words may be: texts, or a kind of thing whose names are to be asked for. */
export function candidates(words: readonly string[], commands: readonly CommandSpec[]): Completion {
  const [current = '', ...before] = words.toReversed()
  const typed = before.toReversed()
  const { plain, pending } = readWords(typed, commands)
  if (pending) return pending.choices ?? (pending.name === 'slave' ? 'slave' : pending.name === 'template' ? 'template' : pending.value === 'FILE' ? 'file' : [])
  const command = commands.find(({ path, isHidden }) => !isHidden && path.every((word, index) => plain[index] === word))
  if (current.startsWith('-')) return [...(command?.options ?? []), ...ctlProgram.options].map(({ name }) => `--${name}`)
  if (!command) {
    const open = commands.filter(({ path, isHidden }) => !isHidden && path.length > plain.length && plain.every((word, index) => path[index] === word))
    return [...new Set(open.flatMap(({ path }) => path[plain.length] ?? []))]
  }
  const place = plain.length - command.path.length
  const argument = command.arguments[place] ?? command.arguments.findLast(({ isMany }) => isMany)
  return argument?.completes ?? []
}

/** The words that are no options, and the option that waits for its value. */
function readWords(words: readonly string[], commands: readonly CommandSpec[]): { plain: string[]; pending: OptionSpec | undefined } {
  const options = [...ctlProgram.options, ...commands.flatMap((command) => command.options)]
  const plain: string[] = []
  let pending: OptionSpec | undefined
  for (const word of words) {
    const value = pending
    pending = undefined
    if (value) continue
    if (!word.startsWith('-')) plain.push(word)
    else pending = options.find(({ name, short, value: takes }) => takes !== undefined && (word === `--${name}` || (short !== undefined && word === `-${short}`)))
  }
  return { plain, pending }
}
