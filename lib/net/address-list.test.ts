import { expect } from 'chai'
import { addressList } from './address-list.ts'

describe('addressList', () => {
  it('knows addresses and networks of both families, and IPv4 in IPv6', () => {
    const isListed = addressList('x.peers', ['10.0.0.7', '192.168.0.0/16', '::1', '2001:DB8::/32', '::ffff:10.1.1.1'])
    for (const address of ['10.0.0.7', '::ffff:10.0.0.7', '192.168.3.4', '::1', '2001:db8::5', '10.1.1.1']) expect(isListed(address), address).to.equal(true)
    for (const address of ['10.0.0.8', '192.169.0.1', '::2', '2001:db9::1', '', 'localhost']) expect(isListed(address), address).to.equal(false)
  })

  it('lets nobody in when it is empty', () => {
    expect(addressList('x.peers', [])('127.0.0.1')).to.equal(false)
  })

  it('refuses what is no address, with the name of the field', () => {
    for (const entry of ['', 'localhost', '10.0.0.7:2223', '10.0.0.0/33', '10.0.0.0/x', '::/129', '10.0.0.0/8/8', '10.0.0.0/']) {
      expect(() => addressList('x.peers', [entry]), entry).to.throw(/x\.peers/).with.property('code', 'invalid_config')
    }
  })
})
