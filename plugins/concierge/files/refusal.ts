/** A request that the file server does not fulfil, with the status that says why. */
export class FileRefusal extends Error {
  override readonly name = 'FileRefusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
