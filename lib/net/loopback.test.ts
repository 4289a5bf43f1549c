import { expect } from 'chai'
import { isLoopback } from './loopback.ts'

describe('isLoopback', () => {
  it('knows every spelling of this machine', () => {
    const spellings = ['127.0.0.1', '127.9.8.7', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1', '[::1]', 'localhost', 'LOCALHOST']
    for (const address of spellings) expect(isLoopback(address), address).to.equal(true)
  })

  it('takes nothing else for it', () => {
    const others = ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', '', '127.1']
    for (const address of [...others, undefined]) expect(isLoopback(address), String(address)).to.equal(false)
  })
})
