import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One line of a conversation. */
export interface Step {
  /** Place in its file, for messages about it. */
  readonly at: string
  readonly words: readonly string[]
  /** What is after the words: JSON, or any text. */
  readonly text: string
}

export interface Conversation {
  readonly title: string
  readonly steps: readonly Step[]
}

/**
 * Reads a file of conversations. `== TITLE` begins one; `#` begins a comment. The other lines:
 *
 *     control NAME              a control connects and registers, checked frame by frame
 *     viewer NAME               the same with a token that may only read
 *     slave NAME ID AS          a slave connects and registers with this id, as AS
 *     open NAME                 somebody connects and hears the hello, no more
 *     NAME>M FRAME              sends a frame, word for word; $ADMIN, $JOIN (for one slave) and $SLAVE(ID) in it become tokens, $LONG(N) N letters
 *     M>NAME FRAME              the next frame from the master is exactly this; $INT in it stands for any whole number
 *     NAME ends CODE            the connection has ended with this code, and nothing came before that was not read
 *     NAME leaves               its connection breaks, without a word
 *     H>M TYPE DATA             a request over HTTP, from an operator; other lines may stand before its answer
 *     M>H DATA                  its answer has these fields, and lists these items among others
 *     M until TYPE DATA         asked again and again over HTTP, the answer comes to have these fields
 *     metric NAME VALUE         a figure of the master
 */
export function readConversations(file: string): Conversation[] {
  const found: Array<{ title: string; steps: Step[] }> = []
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (line.startsWith('== ')) found.push({ title: line.slice(3), steps: [] })
    else if (line.trim() !== '' && !line.startsWith('#')) found.at(-1)?.steps.push(stepOf(line, `${file.split('/').at(-1)}:${index + 1}`))
  }
  return found
}

/** The files of conversations in a folder beside this file, by their names. */
export function conversationFiles(folder: string): Array<readonly [name: string, file: string]> {
  const directory = join(import.meta.dirname, folder)
  return readdirSync(directory).sort().map((name) => [name.replace(/\.txt$/, ''), join(directory, name)])
}

function stepOf(line: string, at: string): Step {
  const arrow = /^(\S+>\S+) ?(.*)$/.exec(line)
  if (arrow && !arrow[1]?.startsWith('H>')) return { at, words: [arrow[1] ?? ''], text: arrow[2] ?? '' }
  const words = line.split(' ')
  const data = words.findIndex((word, index) => index > 0 && /^[{[]/.test(word))
  return data < 0 ? { at, words, text: '' } : { at, words: words.slice(0, data), text: words.slice(data).join(' ') }
}
