// What the readers of JSON texts share. Codes of characters stand in each of them: one that is imported is looked up anew
// for each character, which makes a scan a fifth slower.

const backslash = 0x5c

/** The index of the first character from there on that is no white space of JSON's. */
export function afterSpace(text: string, from: number): number {
  let at = from
  // Nearly all characters are none, and are told by the first comparison.
  for (let code = text.charCodeAt(at); code <= 0x20 && isSpace(code); code = text.charCodeAt(at)) at += 1
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** The value of the string that stands from `start` to `end` in valid JSON, its quotes among it. */
export function stringValue(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1)
  return raw.includes('\\') ? JSON.parse(`"${raw}"`) as string : raw
}

/**
 * The index behind the quote that ends the string opened at `start`; the text's length where none does. Nothing in the
 * string is checked, which is much quicker than reading it.
 */
export function endOfUncheckedString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === backslash) before -= 1
    if ((end - 1 - before) % 2 === 0) return end + 1
  }
  return text.length
}
