import { expect } from 'chai'
import { Registry } from 'prom-client'
import { Directory } from '../lib/hub/directory.ts'
import { Presence } from '../lib/hub/presence.ts'
import { Publication, Topics } from '../lib/hub/topics.ts'
import { registerHubFigures } from './hub-figures.ts'

describe('The figures of the hub', () => {
  it('count topics, publications, users and names', async () => {
    const hub = { directory: new Directory<object>(), topics: new Topics({ maxBufferedBytes: 10 }), presence: new Presence() }
    const registry = new Registry()
    registerHubFigures(hub, registry)
    const subscriber = (bufferedBytes: number) => ({ form: 'json', bufferedBytes, deliver: () => {}, overflowed: () => {} })
    hub.topics.subscribe('a', subscriber(0))
    hub.topics.subscribe('a', subscriber(100))
    hub.topics.subscribe('b', subscriber(0))
    hub.topics.publish('a', new Publication(() => 'x'))
    hub.topics.publish('nobody', new Publication(() => 'x'))
    hub.presence.setOnline('ann', 1)
    hub.presence.setBusy('bob', 2, true)
    hub.presence.setBusy('cas', 3, false)
    hub.presence.watch('ann', () => {})
    hub.directory.claim('concierge', 'x', subscriber(0))
    const lines = (await registry.metrics()).split('\n')
    for (const line of [
      'corral_hub_topics 2', 'corral_hub_topic_subscribers 3', 'corral_hub_publications_total 2', 'corral_hub_deliveries_total 1', 'corral_hub_dropped_total 1',
      'corral_hub_users{status="online"} 1', 'corral_hub_users{status="busy"} 1', 'corral_hub_presence_subscribers 1', 'corral_hub_names{namespace="concierge"} 1',
    ]) expect(lines).to.include(line)
  })
})
