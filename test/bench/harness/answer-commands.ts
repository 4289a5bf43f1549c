import type { Answer, Question } from './child.ts'

/** In a process of the benchmark's: answers what its parent asks, until the parent lets go of it. */
export function answerCommands(commands: Readonly<Record<string, (data: never) => unknown>>): void {
  process.on('message', (question: Question) => {
    void answer(question).then((result) => process.send?.(result))
  })
  process.on('disconnect', () => process.exit(0))

  async function answer({ id, command, data }: Question): Promise<Answer> {
    try {
      const run = commands[command]
      if (!run) throw new Error(`There is no command ${command}`)
      return { id, result: await run(data as never) }
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  }
}
