import { expect } from 'chai'
import type { IncomingMessage } from 'node:http'
import { peerCheck } from './peer-check.ts'

function request(remoteAddress: string, authorization?: string): IncomingMessage {
  return { headers: { authorization }, socket: { remoteAddress } } as unknown as IncomingMessage
}

describe('telling servers from clients', () => {
  it('knows a server by the secret', () => {
    const standingOf = peerCheck('s3cret', [])
    expect(standingOf(request('10.0.0.1', 'Bearer s3cret'))).to.include({ isPeer: true, isServer: true })
    expect(standingOf(request('10.0.0.1', 'Bearer s3crex'))).to.include({ isPeer: false, hasWrongSecret: true })
    expect(standingOf(request('10.0.0.1'))).to.include({ isPeer: false, hasWrongSecret: false })
  })

  it('knows a server by its address or network, IPv4 in IPv6 included', () => {
    const standingOf = peerCheck(undefined, ['10.0.0.1', '10.1.0.0/16', 'fd00::/8'])
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '10.1.2.3', 'fd12::1']) expect(standingOf(request(address)).isPeer, address).to.equal(true)
    for (const address of ['10.0.0.2', '::1', 'unknown', '']) expect(standingOf(request(address)).isPeer, address).to.equal(false)
  })

  it('does not take a listed address whose secret is wrong', () => {
    expect(peerCheck('s3cret', ['10.0.0.1'])(request('10.0.0.1', 'Bearer nonsense')).isPeer).to.equal(false)
  })

  it('takes nobody for a server when no secret is set', () => {
    expect(peerCheck(undefined, [])(request('10.0.0.1', 'Bearer undefined')).isPeer).to.equal(false)
  })

  it('refuses a list with something else than addresses', () => {
    for (const address of ['example.org', '10.0.0.1/33', '10.0.0.0/', '']) {
      expect(() => peerCheck(undefined, [address]), address).to.throw(/turntable\.peers/)
    }
  })
})
