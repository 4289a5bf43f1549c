import { messageFrame, Publication } from '../../../lib/plugin.ts'

/** A text for clients, made into a frame once for all who get it. */
export function publicationOf(text: () => string): Publication {
  return new Publication(() => messageFrame(text()))
}
