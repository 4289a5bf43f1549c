import type { Catalogue } from './catalogue.ts'
import type { Client, Leavable } from './client.ts'
import { readClient } from './wire/read.ts'
import type { ClientRequest, Echo } from './wire/read.ts'
import { Subtype } from './wire/types.ts'
import { failureText, successText } from './wire/write.ts'

/** Leads what clients say to the services that it is for. */
export class Switchboard {
  readonly #catalogue: Catalogue
  readonly #countRequest: () => void

  constructor(catalogue: Catalogue, countRequest: () => void) {
    this.#catalogue = catalogue
    this.#countRequest = countRequest
  }

  received(client: Client, data: Buffer, isBinary: boolean): void {
    // Whatever a binary frame holds, it is none of the protocol's.
    const message = isBinary ? undefined : readClient(data.toString())
    if (message?.kind === 'request') this.#request(client, message.request)
    else if (message?.kind === 'disconnect') this.#disconnect(client, message.echo)
    else client.send(failureText(message?.echo ?? { subtype: null }, 'bad request'))
  }

  #request(client: Client, request: ClientRequest): void {
    this.#countRequest()
    const service = this.#catalogue.find(request.server)
    if (!service) {
      client.send(failureText(request, 'no such service'))
    } else if (request.subtype === Subtype.disconnect && (service.has(client) || !service.isOnline)) {
      this.#leave(client, service)
      client.send(successText(request))
    } else if (!service.isOnline && (request.subtype === Subtype.connect || client.lost.has(service))) {
      client.send(failureText(request, 'service gone'))
    } else if (request.subtype !== Subtype.connect && !service.has(client)) {
      client.send(failureText(request, 'not connected'))
    } else {
      service.request(client, request)
    }
  }

  /** The control message: from one service, or from all. It succeeds where there is nothing to end. */
  #disconnect(client: Client, echo: Echo): void {
    const { server } = echo
    const service = server === undefined ? undefined : this.#catalogue.find(server)
    if (server !== undefined && !service) {
      client.send(failureText(echo, 'no such service'))
      return
    }
    for (const one of service ? [service] : [...client.services, ...client.lost]) this.#leave(client, one)
    client.send(successText(echo))
  }

  #leave(client: Client, service: Leavable): void {
    client.lost.delete(service)
    service.leave(client)
  }
}
