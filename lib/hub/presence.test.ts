import { expect } from 'chai'
import { Presence } from './presence.ts'

describe('presence', () => {
  function watched(): { presence: Presence; told: string[] } {
    const presence = new Presence()
    const told: string[] = []
    presence.watch('ann', (_user, status) => told.push(status))
    return { presence, told }
  }

  it('tells real changes only', () => {
    const { presence, told } = watched()
    presence.setOnline('ann', 1)
    presence.setOnline('ann', 2)
    presence.clearOnline('ann', 1)
    presence.clearOnline('ann', 2)
    presence.clearOnline('ann', 2)
    expect(told).to.deep.equal(['online', 'offline'])
  })

  it('counts a seat in a room only while the user is online', () => {
    const { presence, told } = watched()
    presence.setBusy('ann', 'room', false)
    presence.setOnline('ann', 1)
    presence.clearOnline('ann', 1)
    presence.clearBusy('ann', 'room')
    expect(told).to.deep.equal(['busy', 'offline'])
  })

  it('counts a game that sees the player by itself', () => {
    const { presence, told } = watched()
    presence.setBusy('ann', 'game', true)
    presence.setOnline('ann', 1)
    presence.clearBusy('ann', 'game')
    expect(told).to.deep.equal(['busy', 'online'])
  })

  it('tells a change to all who listen, even when one throws', () => {
    const errors: unknown[] = []
    const presence = new Presence((error) => errors.push(error))
    const heard: string[] = []
    presence.watch('ann', () => { throw new Error('wrong') })
    presence.watch('ann', (user, status) => heard.push(`${user} ${status}`))
    presence.setOnline('ann', 1)
    expect(heard).to.deep.equal(['ann online'])
    expect(errors.map(String)).to.deep.equal(['Error: wrong'])
  })

  it('takes what a source reports as one change', () => {
    const { presence, told } = watched()
    for (const status of ['busy', 'online', 'online', 'busy', 'offline'] as const) presence.report('ann', 'server', status)
    expect(told).to.deep.equal(['busy', 'online', 'busy', 'offline'])
    expect(presence.figures()).to.include({ online: 0, busy: 0 })
  })
})
