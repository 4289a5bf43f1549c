import { expect } from 'chai'
import type { PeerCertificate } from 'node:tls'
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

  it('names the authority\'s file for every certificate that nobody known here stands for', () => {
    for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN']) {
      expect(told('https://host:1', code)).to.match(/Name the PEM file of its authority: set tls_ca$/)
    }
  })

  it('names the clock and a new certificate where the time is not the certificate\'s', () => {
    expect(told('https://host:1', 'CERT_HAS_EXPIRED')).to.match(/has expired; the clock here says \d{4}-.*Z\. Set the clock if it is wrong, or give the master a new certificate$/)
    expect(told('https://host:1', 'CERT_NOT_YET_VALID')).to.match(/is not valid yet; the clock here says \d{4}-.*Z\. Set the clock/)
  })

  it('says which names a certificate has that is for another host', () => {
    const wrongHost = (cert: object): string => {
      const error = Object.assign(new Error('is not in the cert\'s list: '), { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host: 'there', cert: cert as PeerCertificate })
      return unreachableMaster('https://there:1', error, '').message
    }
    expect(wrongHost({ subject: { CN: 'games' }, subjectaltname: 'DNS:games.example, IP Address:10.0.0.1' })).to.include('is not for there but for DNS:games.example, IP Address:10.0.0.1. Reach')
    expect(wrongHost({ subject: { CN: 'games' } })).to.include('but for games (its CN; it has no subjectAltName). Reach')
    expect(wrongHost({ subject: { O: 'Farm' } })).to.include('but for no name at all. Reach')
  })
})
