const maxSegmentLength = 255
const maxPathLength = 1_024
/** Layers of percent-encoding that are looked through for a dangerous name. */
const maxLayers = 4

export interface FilePath {
  /** Name of the client whose folder it is. */
  readonly folder: string
  /** Segments below the folder joined with `/`; empty for the folder itself. */
  readonly file: string
}

/** What a request's path, as it stands in the request, names: undefined when any part of it could mean another place. */
export function readFilePath(path: string): FilePath | undefined {
  const segments: string[] = []
  for (const raw of path.replace(/^\//, '').split('/')) {
    const segment = decode(raw)
    if (segment === undefined || !isPlain(raw)) return undefined
    segments.push(segment)
  }
  const [folder = '', ...rest] = segments
  const file = rest.join('/')
  return file.length > maxPathLength ? undefined : { folder, file }
}

// The files' names never reach the file system, but who sends such a spelling is after something else than a file.
function isPlain(raw: string): boolean {
  let segment: string | undefined = raw
  for (let layer = 0; layer < maxLayers; layer += 1) {
    if (!isPlainName(segment)) return false
    const inner = decode(segment)
    if (inner === undefined || inner === segment) return true
    segment = inner
  }
  return false
}

function isPlainName(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && segment.length <= maxSegmentLength * 3 && !/[/\\\u0000-\u001f\u007f]/.test(segment)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The header that has a browser save what it gets under the file's name. */
export function contentDisposition(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1)
  const plain = name.replaceAll(/[^\u0020-\u007e]/g, '_').replaceAll(/["\\]/g, String.raw`\$&`)
  const exact = /^[\u0020-\u007e]*$/.test(name) ? '' : `; filename*=UTF-8''${encodeExactly(name)}`
  return `attachment; filename="${plain}"${exact}`
}

// A lone half of a pair can't come out of percent-encoding, so this does not throw; the rest is RFC 8187.
function encodeExactly(name: string): string {
  return encodeURIComponent(name).replaceAll(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
