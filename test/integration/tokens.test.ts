import { expect } from 'chai'
import { createToken, getMasterStatus, listTokens, revokeToken } from '../../lib/link/messages/cluster.ts'
import { readConsole, sendRcon, setInstanceOutputSubscriptions } from '../../lib/link/messages/console.ts'
import {
  createInstance, deleteInstance, getInstanceConfig, killInstance, listInstances, restartInstance, setInstanceConfigField, startInstance, stopInstance,
} from '../../lib/link/messages/instances.ts'
import { createJoinToken, joinSlave, listSlaves, removeSlave } from '../../lib/link/messages/slaves.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'
import { failureOf } from '../helpers/failure-of.ts'

describe('tokens of a running cluster', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  it('that are revoked end open links at once, and no request gets through', async () => {
    const { token, info } = await cluster.api(createToken, { name: 'temporary' })
    const control = await cluster.link({ token })
    expect((await control.send(listSlaves, {})).list).to.have.length(1)
    await cluster.api(revokeToken, { token_id: info.id })
    expect((await failureOf(control.send(listSlaves, {}))).code).to.be.oneOf(['link_closed', 'unauthenticated'])
    await eventually(() => expect(control.closedBecause).to.match(/revoked/))
    expect(await failureOf(cluster.api(listSlaves, {}, { token }))).to.include({ code: 'unauthenticated' })
    expect(await failureOf(cluster.link({ token }))).to.include({ code: 'unauthenticated' })
  })

  it('may be revoked by who comes with them, who gets his answer', async () => {
    const { token, info } = await cluster.api(createToken, { name: 'own' })
    const control = await cluster.link({ token })
    expect(await control.send(revokeToken, { token_id: info.id })).to.deep.equal({})
    await eventually(() => expect(control.closedBecause).to.match(/revoked/))
  })

  it('that expire end open links, also of those who only listen', async () => {
    const { token } = await cluster.api(createToken, { name: 'brief', expires_in_s: 1 })
    const control = await cluster.link({ token })
    await eventually(() => expect(control.closedBecause).to.match(/expired/))
    expect(await failureOf(cluster.api(getMasterStatus, {}, { token }))).to.include({ code: 'unauthenticated' })
    const { list } = await cluster.api(listTokens, {})
    expect(list.map(({ name }) => name)).to.not.include('brief')
  })

  it('of viewers read, and are refused everything that changes something, over the link as over HTTP', async () => {
    const { token } = await cluster.api(createToken, { name: 'viewer', role: 'viewer' })
    const { id } = await cluster.create('seen', { template: 'teeworlds' })
    const control = await cluster.link({ token })
    expect((await control.send(listInstances, {})).list.map(({ name }) => name)).to.include('seen')
    await control.send(setInstanceOutputSubscriptions, { instance_ids: [id] })
    const { config } = await control.send(getInstanceConfig, { instance_id: id })
    const { config: whole } = await cluster.api(getInstanceConfig, { instance_id: id, secrets: true })
    expect(String(whole.variables['econ_password'])).to.have.length.above(3)
    expect(config.variables['econ_password']).to.not.equal(whole.variables['econ_password'])

    const attempts = [
      control.send(createInstance, { name: 'x', template: 'sample' }), control.send(startInstance, { instance_id: id }),
      control.send(stopInstance, { instance_id: id }), control.send(restartInstance, { instance_id: id }), control.send(killInstance, { instance_id: id }),
      control.send(deleteInstance, { instance_id: id }), control.send(sendRcon, { instance_id: id, command: 'x' }),
      control.send(setInstanceConfigField, { instance_id: id, field: 'name', value: 'y' }), control.send(createToken, { name: 'mine' }),
      control.send(listTokens, {}), control.send(createJoinToken, {}), control.send(removeSlave, { slave_id: 1 }), control.send(joinSlave, { name: 'z' }),
    ]
    for (const attempt of attempts) expect((await failureOf(attempt)).code).to.equal('forbidden')
    expect((await failureOf(control.send(readConsole, { instance_id: id }))).code, 'allowed, but there is nothing to read').to.equal('not_found')
    expect(await cluster.state(id)).to.include({ name: 'seen', status: 'stopped' })
  })

  it('to join with are for nothing else, and slaves\' tokens for no control', async () => {
    const { token } = await cluster.api(createJoinToken, { expires_in_s: 60 })
    expect(await failureOf(cluster.api(listSlaves, {}, { token }))).to.include({ code: 'forbidden' })
    expect(await failureOf(cluster.link({ token }))).to.include({ code: 'unauthenticated' })
    const joined = await cluster.api(joinSlave, { name: 'paper' }, { token })
    expect(await failureOf(cluster.link({ token: joined.token }))).to.include({ code: 'unauthenticated' })
    expect(await failureOf(cluster.api(listSlaves, {}, { token: joined.token }))).to.include({ code: 'forbidden' })
  })

  it('to join with expire', async () => {
    const { token } = await cluster.api(createJoinToken, { expires_in_s: 1 })
    await eventually(async () => {
      const failure = await failureOf(cluster.api(joinSlave, { name: 'in use' }, { token }))
      expect(failure.code).to.equal('unauthenticated')
    })
  })

  it('are listed without their secrets', async () => {
    const { token } = await cluster.api(createToken, { name: 'listed' })
    const { list } = await cluster.api(listTokens, {})
    expect(list.map(({ name }) => name)).to.include.members(['administrator', 'listed'])
    expect(JSON.stringify(list)).to.not.include(token).and.not.include(cluster.token)
    expect(await failureOf(cluster.api(revokeToken, { token_id: 9_999 }))).to.include({ code: 'not_found' })
  })

  it('never reach the logs', async () => {
    await failureOf(cluster.link({ token: 'corral_someone-elses-secret' }))
    await failureOf(cluster.api(listSlaves, {}, { token: 'corral_another-secret' }))
    for (const { log } of [cluster.master, cluster.slave()]) {
      expect(log).to.not.include(cluster.token).and.not.include('secret')
    }
  })
})
