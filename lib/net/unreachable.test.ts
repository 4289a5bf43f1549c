import { expect } from 'chai'
import { unreachableMaster } from './unreachable.ts'

describe('unreachableMaster', () => {
  const told = (url: string, code: string, message = code): string => unreachableMaster(url, Object.assign(new Error(message), { code }), 'set tls_ca').message

  it('says what to do about a wrong scheme and an unknown authority', () => {
    expect(told('http://host:1', 'ECONNRESET', 'socket hang up')).to.equal('Can\'t reach the master at http://host:1: it hung up (socket hang up). If it serves HTTPS, give its address with https://')
    expect(told('https://host:1', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate')).to.include('(self-signed certificate). Name the PEM file of its authority: set tls_ca')
    expect(told('wss://host:1', 'EPROTO')).to.include('Give its address with http://')
    expect(told('http://host:1', 'ECONNREFUSED')).to.include('nothing listens there')
    expect(told('https://host:1', 'ECONNRESET', 'socket hang up')).to.include('socket hang up. Is it running')
  })
})
