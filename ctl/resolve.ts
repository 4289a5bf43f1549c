import { ClusterError } from '../lib/errors/cluster-error.ts'
import { nearest } from '../lib/text/nearest.ts'

export interface Named {
  readonly id: number
  readonly name: string
}

export type Noun = 'slave' | 'instance' | 'token' | 'user'

/**
 * What an operator means by a word: an id where it is all digits, else a name. Throws `not_found` that names the nearest
 * there is, `conflict` where several have the name.
 */
export function resolve<T extends Named>(noun: Noun, list: readonly T[], word: string): T {
  const isId = /^-?\d+$/.test(word)
  const byId = isId ? list.filter(({ id }) => id === Number(word)) : []
  // In clusters of other makers a name can be all digits.
  const found = byId.length > 0 ? byId : list.filter(({ name }) => name === word)
  const [first, ...others] = found
  if (first && others.length === 0) return first
  if (first) {
    throw new ClusterError('conflict', `Several ${noun}s are named "${word}"; say which by its id: ${found.map(({ id }) => id).join(', ')}`)
  }
  const guess = nearest(word, list.map(({ name }) => name))
  const advice = guess === undefined ? `; see \`ctl ${noun} list\`` : `; did you mean "${guess}"?`
  throw new ClusterError('not_found', `There is no ${noun} ${isId ? word : `"${word}"`}${advice}`, { details: { name: word } })
}

export type Resolution<T> = { readonly word: string; readonly target: T } | { readonly word: string; readonly error: unknown }

/** What each word means, or why it means nothing; what is named twice comes once. */
export function resolveAll<T extends Named>(noun: Noun, list: readonly T[], words: readonly string[]): Array<Resolution<T>> {
  const seen = new Set<number>()
  return words.flatMap((word): Array<Resolution<T>> => {
    try {
      const target = resolve(noun, list, word)
      if (seen.has(target.id)) return []
      seen.add(target.id)
      return [{ word, target }]
    } catch (error) {
      return [{ word, error }]
    }
  })
}
