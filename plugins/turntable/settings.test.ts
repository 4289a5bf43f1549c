import { expect } from 'chai'
import { serverList } from './settings.ts'

describe('the list of turntable servers', () => {
  it('has the server itself when it is alone', () => {
    expect(serverList({ servers: [], self: 0 }, 'http://host:8080')).to.deep.equal(['ws://host:8080'])
    expect(serverList({ servers: [], self: 0 }, 'https://host')).to.deep.equal(['wss://host'])
  })

  it('is the configured one otherwise', () => {
    const servers = ['ws://a:1', 'wss://b/path']
    expect(serverList({ servers, self: 1 }, 'http://host:8080')).to.equal(servers)
  })

  it('must be of WebSocket addresses', () => {
    for (const server of ['', 'a:1', 'http://a:1', 'ws://', 'ws://a#b']) {
      expect(() => serverList({ servers: [server], self: 0 }, 'http://host'), server).to.throw(/turntable\.servers/)
    }
  })

  it('must have the server in it', () => {
    expect(() => serverList({ servers: ['ws://a'], self: 1 }, 'http://host')).to.throw(/turntable\.self is 1, but turntable\.servers has 1/)
  })
})
