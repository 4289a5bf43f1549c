import { ClusterError, scanMembers } from '../../../lib/plugin.ts'

/** Levels of objects and arrays that are accepted, the outermost counted. */
const maxDepth = 64

/**
 * The texts of an object's members by their names, every digit and escape as it was sent; of several with one name the
 * last, as JSON.parse has it. Undefined unless the whole text is valid JSON with an object outside, not nested too deep.
 */
export function membersOf(text: string): Map<string, string> | undefined {
  const members = new Map<string, string>()
  try {
    const isObject = scanMembers(text, { levels: 1, maxDepth }, (name, json) => { members.set(name, json) })
    return isObject ? members : undefined
  } catch (error) {
    if (error instanceof ClusterError) return undefined
    throw error
  }
}
