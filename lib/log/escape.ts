// Line breaks of all kinds and escape sequences, and what makes a terminal show text in another order than it has.
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu
const shortForms = new Map([['\n', '\\n'], ['\r', '\\r'], ['\t', '\\t']])

/**
 * A text that stays on one line and does nothing to a terminal: games and peers must not be able to forge lines of the
 * log or to send escape sequences to whoever reads it. Inside JSON strings the result is valid JSON of the same value.
 */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (character) => shortForms.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
