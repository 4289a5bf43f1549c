import { expect } from 'chai'
import { Registry } from 'prom-client'
import { LinkFigures } from './link-figures.ts'

function shown(): { figures: LinkFigures; text: () => Promise<string[]> } {
  const registry = new Registry()
  const figures = new LinkFigures()
  figures.register(registry)
  return { figures, text: async () => (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#')) }
}

describe('LinkFigures', () => {
  it('shows requests by type and result, and events, whenever it is asked', async () => {
    const { figures, text } = shown()
    figures.answered('list_slaves', 'ok', 0.002)
    figures.answered('list_slaves', 'forbidden', 0.0001)
    figures.event('instance_output')
    await text()
    figures.answered('list_slaves', 'ok', 0.002)
    figures.event('instance_output')
    figures.unknownEvent()
    expect(await text()).to.include.members([
      'corral_requests_total{type="list_slaves",result="ok"} 2',
      'corral_requests_total{type="list_slaves",result="forbidden"} 1',
      'corral_events_total{type="instance_output"} 2',
      'corral_unknown_events_total 1',
    ])
  })

  it('shows latencies as a histogram: cumulated buckets, sum and count', async () => {
    const { figures, text } = shown()
    for (const seconds of [0.0005, 0.001, 0.003, 100]) figures.answered('send_rcon', 'ok', seconds)
    expect(await text()).to.include.members([
      'corral_request_seconds_bucket{le="0.001",type="send_rcon"} 2',
      'corral_request_seconds_bucket{le="0.005",type="send_rcon"} 3',
      'corral_request_seconds_bucket{le="60",type="send_rcon"} 3',
      'corral_request_seconds_bucket{le="+Inf",type="send_rcon"} 4',
      'corral_request_seconds_sum{type="send_rcon"} 100.0045',
      'corral_request_seconds_count{type="send_rcon"} 4',
    ])
  })
})
