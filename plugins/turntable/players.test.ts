import { expect } from 'chai'
import { Presence } from '../../lib/plugin.ts'
import type { InstanceInfo } from '../../lib/plugin.ts'
import type { Peers } from './peers.ts'
import { Players } from './players.ts'

const alone = { of: () => undefined } as unknown as Peers

function instance(id: number, name: string, players: string[], status: InstanceInfo['status'] = 'running'): InstanceInfo {
  return { id, name, players, status } as unknown as InstanceInfo
}

describe('players of the cluster as users', () => {
  it('are busy from joining to leaving', () => {
    const presence = new Presence()
    const players = new Players('{player}', presence, alone)
    players.joined(instance(1, 'arena', []), 'Ann')
    expect(presence.status('Ann')).to.equal('busy')
    players.left(1, 'Ann')
    expect(presence.status('Ann')).to.equal('offline')
  })

  it('are online again when they leave while they are connected', () => {
    const presence = new Presence()
    const told: string[] = []
    presence.watch('Ann', (_user, status) => told.push(status))
    const players = new Players('{player}', presence, alone)
    presence.setOnline('Ann', 'connection')
    players.sync(instance(1, 'arena', ['Ann']))
    players.sync(instance(1, 'arena', ['Ann']))
    players.sync(instance(1, 'arena', []))
    expect(told).to.deep.equal(['online', 'busy', 'online'])
  })

  it('stay busy until they have left every game', () => {
    const presence = new Presence()
    const players = new Players('{player}', presence, alone)
    players.sync(instance(1, 'arena', ['Ann']))
    players.sync(instance(2, 'maze', ['Ann']))
    players.sync(instance(1, 'arena', [], 'stopped'))
    expect(presence.status('Ann')).to.equal('busy')
    players.clear(2)
    expect(presence.status('Ann')).to.equal('offline')
  })

  it('are left alone while nothing is known of their game', () => {
    const presence = new Presence()
    const players = new Players('{player}', presence, alone)
    players.sync(instance(1, 'arena', ['Ann']))
    players.sync(instance(1, 'arena', [], 'unknown'))
    expect(presence.status('Ann')).to.equal('busy')
  })

  it('have the id that the template gives, dollar signs included', () => {
    const presence = new Presence()
    const players = new Players('game:{instance}:{player}', presence, alone)
    players.sync(instance(1, 'arena', ['$&', '__proto__']))
    expect(presence.list()).to.deep.equal(['game:arena:$&', 'game:arena:__proto__'])
  })

  it('are nobody without a template', () => {
    const presence = new Presence()
    new Players('', presence, alone).sync(instance(1, 'arena', ['Ann']))
    expect(presence.list()).to.deep.equal([])
  })

  it('are told of to the server that they belong to, once for all their games', () => {
    const reports: [string, boolean][] = []
    const other = { of: () => ({ report: (user: string, isPlaying: boolean) => reports.push([user, isPlaying]) }) } as unknown as Peers
    const players = new Players('{player}', new Presence(), other)
    players.sync(instance(1, 'arena', ['Ann']))
    players.sync(instance(2, 'maze', ['Ann']))
    players.clear()
    expect(reports).to.deep.equal([['Ann', true], ['Ann', false]])
  })
})
