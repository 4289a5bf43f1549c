import { expect } from 'chai'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'

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
})
