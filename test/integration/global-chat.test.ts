import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { eventually } from '../helpers/eventually.ts'

describe('global-chat', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups, { master: { 'global-chat.enabled': true } }) })
  after(() => cleanups.run())

  async function running(name: string): Promise<number> {
    const { id } = await cluster.create(name)
    await cluster.api(startInstance, { instance_id: id, wait: true })
    return id
  }

  const type = (id: number, command: string): Promise<unknown> => cluster.api(sendRcon, { instance_id: id, command })

  async function chatOf(id: number): Promise<string[]> {
    return (await cluster.console(id)).toString().split('\n').filter((line) => line.startsWith('[chat]'))
  }

  it('shows what a player says in the other games, once, and never back in his own', async () => {
    const arena = await running('arena')
    const maze = await running('maze')
    await type(arena, 'join alice')
    await type(maze, 'join bob')
    await cluster.until(arena, ({ players }) => players.includes('alice'))
    await cluster.until(maze, ({ players }) => players.includes('bob'))

    await type(arena, 'chat alice hello from the arena')
    await cluster.untilConsole(maze, '[chat] <server>: [arena] alice: hello from the arena')
    // An answer that has made the whole way back comes after anything that could have echoed.
    await type(maze, 'chat bob hello from the maze')
    await cluster.untilConsole(arena, '[chat] <server>: [maze] bob: hello from the maze')

    expect(await chatOf(arena)).to.deep.equal(['[chat] alice: hello from the arena', '[chat] <server>: [maze] bob: hello from the maze'])
    expect(await chatOf(maze)).to.deep.equal(['[chat] <server>: [arena] alice: hello from the arena', '[chat] bob: hello from the maze'])
  })

  it('passes on nothing that the console says, nor what someone says who is not in the game', async () => {
    const east = await running('east-tower')
    const west = await running('west-tower')
    await type(east, 'join dora')
    await cluster.until(east, ({ players }) => players.includes('dora'))
    await type(east, 'say the server speaks')
    await type(east, 'chat nobody I am not here')
    await type(east, 'chat dora I am')
    await cluster.untilConsole(west, '[east-tower] dora: I am')
    expect(await chatOf(west)).to.deep.equal(['[chat] <server>: [east-tower] dora: I am'])
  })

  it('says what an operator has to say in all games that take part, and tells which could not be told', async () => {
    const north = await running('north')
    const said = await cluster.ctl('plugin', 'global-chat', 'say', 'restart', 'at', 'noon')
    expect(said.code, said.stderr).to.equal(0)
    expect(said.stdout).to.contain('north: said\n')
    await cluster.untilConsole(north, '[chat] <server>: restart at noon')
    const refused = await cluster.ctl('plugin', 'global-chat', 'say', 'two\nlines')
    expect(refused).to.include({ code: 2, stdout: '' })
    const { stdout } = await cluster.ctl('plugin', 'global-chat', 'say', 'again', '-o', 'json')
    expect(JSON.parse(stdout)).to.have.property('said').that.includes('north')
  })

  it('shows what players said last, by its instances\' parts', async () => {
    const south = await running('south')
    await type(south, 'join erin')
    await type(south, 'join finn')
    await cluster.until(south, ({ players }) => players.length === 2)
    await type(south, 'chat erin one')
    await type(south, 'chat finn two')
    await type(south, 'say not a player')
    await cluster.untilConsole(south, 'not a player')
    const shown = await cluster.ctl('plugin', 'global-chat', 'history', 'south', '-o', 'json')
    expect(shown.code, shown.stderr).to.equal(0)
    expect((JSON.parse(shown.stdout) as object[]).map(({ at: _at, ...line }: { at?: string }) => line)).to.deep.equal([{ player: 'erin', text: 'one' }, { player: 'finn', text: 'two' }])
    expect((await cluster.ctl('plugin', 'global-chat', 'history', 'south', '--player', 'finn')).stdout).to.match(/^AT +PLAYER +TEXT\n\S+ +finn +two\n$/)
    expect((await cluster.ctl('plugin', 'global-chat', 'history', 'nowhere')).code).to.equal(5)
  })

  it('goes on between the games of a host while the master is away, and says nothing twice once it is back', async () => {
    const [left, right] = [await running('left'), await running('right')]
    await type(left, 'join gwen')
    await cluster.until(left, ({ players }) => players.includes('gwen'))
    await cluster.master.end('SIGTERM')
    await cluster.slave().untilLog(/The master ended the connection/)
    await typeOnHost(cluster, left, 'chat gwen anybody there')
    await eventually(async () => expect(await outputOf(cluster, right)).to.contain('[chat] <server>: [left] gwen: anybody there'), { deadlineMs: 10_000, what: 'Her words' })
    await cluster.startMaster()
    await cluster.untilConnected('east', true)
    await type(left, 'chat gwen hello again')
    await cluster.untilConsole(right, 'gwen: hello again')
    const heard = (await chatOf(right)).filter((line) => line.includes('gwen'))
    expect(heard).to.deep.equal(['[chat] <server>: [left] gwen: anybody there', '[chat] <server>: [left] gwen: hello again'])
  })
})

/** Types into a game as somebody on its host would, for whom no master is needed. */
function typeOnHost(cluster: TestCluster, id: number, line: string): Promise<void> {
  return appendFile(join(cluster.instanceDirectory(id), 'runs', '1', 'in'), `${line}\n`)
}

function outputOf(cluster: TestCluster, id: number): Promise<string> {
  return readFile(join(cluster.instanceDirectory(id), 'runs', '1', 'out'), 'utf8')
}
