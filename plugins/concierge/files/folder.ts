/** A file as it is kept. */
export interface StoredFile {
  /** Where on disk; says nothing of its name. */
  readonly location: string
  readonly bytes: number
}

/** A client's folder: names of files with slashes in them, and the sub-folders that follow from them. */
export class Folder {
  readonly #files = new Map<string, StoredFile>()
  /** How many files are below each sub-folder, at any depth. */
  readonly #subfolders = new Map<string, number>()

  get size(): number {
    return this.#files.size
  }

  find(file: string): StoredFile | undefined {
    return this.#files.get(file)
  }

  files(): StoredFile[] {
    return [...this.#files.values()]
  }

  /** Whether a file can't be put there: it is a sub-folder, or a part of its path is a file. */
  isObstructed(file: string): boolean {
    return file === '' || this.#subfolders.has(file) || parentsOf(file).some((parent) => this.#files.has(parent))
  }

  /** Puts a file in; gives the one that it replaces. */
  put(file: string, stored: StoredFile): StoredFile | undefined {
    const present = this.#files.get(file)
    this.#files.set(file, stored)
    if (!present) for (const parent of parentsOf(file)) this.#subfolders.set(parent, (this.#subfolders.get(parent) ?? 0) + 1)
    return present
  }

  /** Takes a file out; a sub-folder goes with its last file. */
  remove(file: string): StoredFile | undefined {
    const present = this.#files.get(file)
    if (!this.#files.delete(file)) return undefined
    for (const parent of parentsOf(file)) {
      const left = (this.#subfolders.get(parent) ?? 1) - 1
      if (left > 0) this.#subfolders.set(parent, left)
      else this.#subfolders.delete(parent)
    }
    return present
  }
}

function parentsOf(file: string): string[] {
  const segments = file.split('/')
  return segments.slice(1).map((_segment, index) => segments.slice(0, index + 1).join('/'))
}
