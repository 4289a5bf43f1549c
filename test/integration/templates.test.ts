import { expect } from 'chai'
import { getTemplate, listTemplates } from '../../lib/link/messages/cluster.ts'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { failureOf } from '../helpers/failure-of.ts'

const own = `
id: own
name: Own
program: { command: /bin/sh }
args: ['-c', 'echo ready with {var.greeting} in {dir}; read line']
variables:
  greeting: { type: string, description: What it says, default: moin }
console: { input: stdin }
ready: { regex: '^ready' }
stop: { command: quit }
`
const override = own.replace('id: own', 'id: teeworlds').replace('name: Own', 'name: My Teeworlds')

describe('templates of a running cluster', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => {
    cluster = await TestCluster.start(cleanups, {
      templates: {
        'own.yaml': own,
        'teeworlds.yml': override,
        'broken.yaml': 'id: broken\nname: Broken\n  program: {\n',
        'wrong.yaml': own.replace('id: own', 'id: wrong').replace('type: string', 'type: text'),
        'no-template.txt': 'not looked at',
      },
    })
  })
  after(() => cleanups.run())

  it('are those that come with Corral and the user\'s own, which go first', async () => {
    const { list } = await cluster.api(listTemplates, {})
    expect(list).to.deep.include({ id: 'own', name: 'Own', source: 'user' })
    expect(list).to.deep.include({ id: 'teeworlds', name: 'My Teeworlds', source: 'user' })
    for (const id of ['sample', 'minetest', 'openttd', 'minecraft-java', 'factorio']) expect(list.find((template) => template.id === id)?.source, id).to.equal('built-in')
    expect(list.filter(({ id }) => id === 'teeworlds')).to.have.length(1)
    expect((await cluster.api(getTemplate, { template: 'teeworlds' })).template.name).to.equal('My Teeworlds')
  })

  it('that are broken are reported with file and line, and the others are loaded', async () => {
    const { log } = cluster.master
    expect(log).to.match(/broken\.yaml:\d+/)
    expect(log).to.match(/wrong\.yaml:7:\d+: variables\.greeting\.type/)
    const { list } = await cluster.api(listTemplates, {})
    expect(list.map(({ id }) => id)).to.not.include.members(['broken']).and.not.include('wrong')
    expect((await failureOf(cluster.api(getTemplate, { template: 'broken' }))).code).to.equal('not_found')
  })

  it('of the user\'s own run on a slave that has never seen their files', async () => {
    const { id } = await cluster.create('mine', { template: 'own', variables: { greeting: 'a "$(id)" \'quote\'' } })
    await cluster.api(startInstance, { instance_id: id, wait: true })
    // The script is the template's: what a variable holds is put into it as the template says.
    expect(await cluster.untilConsole(id, 'ready')).to.include('ready')
  })
})
