import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { FakeProvider, GatewayClient } from '../helpers/gateway.ts'

/** The number of the client in the examples. */
const exampleCn = 300

interface Step { readonly who: string; readonly arrow: string; readonly text: string }

function examples(): Step[] {
  const page = readFileSync(join(packageRoot, 'docs/protocols/gateway.md'), 'utf8')
  const lines = [...page.matchAll(/^```wire\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => block.trim().split('\n'))
  return lines.map((line) => {
    const [, who = '', arrow = '', text = ''] = /^(client|provider) ([→←]) (.+)$/.exec(line) ?? []
    expect(who, line).to.not.equal('')
    return { who, arrow, text }
  })
}

describe('The examples of docs/protocols/gateway.md', () => {
  const cleanups = new Cleanups()
  after(() => cleanups.run())

  it('happen word for word at a real gateway', async () => {
    const provider = await FakeProvider.webSocket(cleanups)
    provider.answers.clear()
    const cluster = await TestCluster.start(cleanups, { master: { 'gateway.enabled': true, 'gateway.providers': [{ name: 'stats', url: provider.url, secret: 'hush' }] } })
    const { id } = await cluster.create('arena')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    // An earlier client's number is not the examples' either.
    const earlier = await GatewayClient.connect(cleanups, cluster.url)
    await earlier.service('arena')
    const client = await GatewayClient.connect(cleanups, cluster.url)
    const fill = (text: string): string => text
      .replace('<token>', cluster.token)
      .replace('<proof>', createHmac('sha256', 'hush').update('4f1c').digest('hex'))

    const steps = examples()
    expect(steps.length).to.be.above(60)
    let cn = 0
    for (const { who, arrow, text } of steps) {
      const peer = who === 'client' ? client : provider
      if (arrow === '→') {
        peer.raw(fill(text).replaceAll(String(exampleCn), String(cn)))
        continue
      }
      const got = await peer.next()
      if (typeof got.cn === 'number') {
        cn ||= got.cn
        expect(got.cn).to.equal(cn)
        got.cn = exampleCn
      }
      const wanted = JSON.parse(fill(text)) as { data?: unknown[] }
      if (wanted.data?.[0] === '<nonce>') {
        expect(got.data[0]).to.match(/^[0-9a-f]{64}$/)
        wanted.data = got.data as unknown[]
      }
      expect(got, text).to.deep.equal(wanted)
    }
    expect([await client.settled(), provider.size]).to.deep.equal([[], 0])
  })
})
