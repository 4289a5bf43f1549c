import type { Principal } from '../../../lib/plugin.ts'
import type { Client } from '../client.ts'
import { newNonce } from '../wire/proof.ts'
import type { ClientRequest } from '../wire/read.ts'
import type { Failure } from '../wire/types.ts'
import { failureText } from '../wire/write.ts'

interface Answer {
  readonly request: ClientRequest
  text: string | undefined
  /** Called when it has been sent. */
  sent: (() => void) | undefined
}

/** What one client is to one service of the cluster. */
export class Session {
  readonly client: Client
  nonce = newNonce()
  /** Whose rights it has, once verified. */
  principal: Principal | undefined
  /** The streams that it is subscribed to by number, each with the request of which the answer has not been sent yet. */
  readonly streams = new Map<number, ClientRequest | 'flowing'>()
  /** In the order of the requests, which is that of the answers. */
  #answers: Answer[] = []

  constructor(client: Client) {
    this.client = client
  }

  /** A place in the order of answers; the returned function fills it. */
  reserve(request: ClientRequest): (text: string, sent?: () => void) => void {
    const answer: Answer = { request, text: undefined, sent: undefined }
    this.#answers.push(answer)
    this.client.asked(request)
    return (text, sent) => {
      if (answer.text === undefined) Object.assign(answer, { text, sent })
      this.#flush()
    }
  }

  /** Answers all that is open with a failure. */
  close(failure: Failure): void {
    for (const answer of this.#answers) answer.text ??= failureText(answer.request, failure)
    this.#flush()
  }

  #flush(): void {
    const unanswered = this.#answers.findIndex(({ text }) => text === undefined)
    const ready = this.#answers.splice(0, unanswered === -1 ? this.#answers.length : unanswered)
    for (const { request, text = '', sent } of ready) {
      this.client.answered(request)
      this.client.send(text)
      sent?.()
    }
  }
}
