import { StringDecoder } from 'node:string_decoder'
import type { Input } from '../../lib/cli/secret-input.ts'

/** The longest line that a game's console takes. */
export const maxLineLength = 4_095

/**
 * Gives each line of a stream to `send`, one after the other, without its line break; resolves at its end. Reading
 * waits while a line is under way, so a long file is not taken into memory. Of a line that is too long the beginning
 * is given, longer than `maxLineLength`, so that `send` can refuse it.
 */
export async function sendLines(stream: Input, send: (line: string) => Promise<void>): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let begun = ''
  for await (const chunk of stream) {
    const [first = '', ...others] = decoder.write(chunk as Buffer).split('\n')
    begun = bounded(begun + first)
    for (const next of others) {
      await send(withoutReturn(begun))
      begun = bounded(next)
    }
  }
  begun += decoder.end()
  if (begun !== '') await send(withoutReturn(begun))
}

// One more than fits besides a carriage return tells that there was more.
function bounded(text: string): string {
  return text.slice(0, maxLineLength + 2)
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
