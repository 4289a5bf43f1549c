import { expect } from 'chai'
import { LineMatcher } from './line-matcher.ts'
import { builtInTemplates, loadTemplates } from './load.ts'
import type { LineMatch } from './line-matcher.ts'

describe('LineMatcher', () => {
  const matcher = new LineMatcher({
    ready: { regex: '^up', failed: '^cannot', deadline_ms: 1000 },
    events: { join: ['^(?<player>\\w+) joins$', '^new: (?<player>\\w+)$'], leave: '^(?<player>\\w+) leaves$', chat: '^<(?<player>[^>]*)> (?<text>.*)$' },
  })

  it('tells ready, join, leave and chat apart, and most lines say nothing', () => {
    expect(matcher.match('up and running')).to.deep.equal([{ kind: 'ready' }])
    expect(matcher.match('alice joins')).to.deep.equal([{ kind: 'join', player: 'alice' }])
    expect(matcher.match('new: bob')).to.deep.equal([{ kind: 'join', player: 'bob' }])
    expect(matcher.match('alice leaves')).to.deep.equal([{ kind: 'leave', player: 'alice' }])
    expect(matcher.match('<alice> up <b> joins')).to.deep.equal([{ kind: 'chat', player: 'alice', text: 'up <b> joins' }])
    expect(matcher.match('')).to.deep.equal([])
  })

  it('reports all that one line says', () => {
    const both = new LineMatcher({ ready: { regex: 'joins', deadline_ms: 1 }, events: { join: '^(?<player>\\w+) joins$' } })
    expect(both.match('alice joins')).to.deep.equal([{ kind: 'ready' }, { kind: 'join', player: 'alice' }])
  })

  it('knows lines that say a start has failed', () => {
    expect(matcher.isFailure('cannot bind')).to.equal(true)
    expect(matcher.isFailure('up')).to.equal(false)
    expect(new LineMatcher({}).isFailure('cannot')).to.equal(false)
  })

  it('looks through colours and a carriage return', () => {
    expect(matcher.match('\u001b[32malice\u001b[0m joins\r')).to.deep.equal([{ kind: 'join', player: 'alice' }])
  })

  it('looks at the first 2048 characters only, and bounds names', () => {
    expect(matcher.match(`<a> ${'x'.repeat(100_000)}`)).to.deep.equal([{ kind: 'chat', player: 'a', text: 'x'.repeat(2044) }])
    const [found] = matcher.match(`${'n'.repeat(500)} joins`)
    expect(found).to.deep.equal({ kind: 'join', player: 'n'.repeat(128) })
  })
})

describe('the regexes of the shipped templates', () => {
  const join = (player: string): LineMatch[] => [{ kind: 'join', player }]
  const leave = (player: string): LineMatch[] => [{ kind: 'leave', player }]
  const chat = (player: string, text: string): LineMatch[] => [{ kind: 'chat', player, text }]
  const ready: LineMatch[] = [{ kind: 'ready' }]

  const lines: Record<string, [line: string, expected: LineMatch[]][]> = {
    factorio: [
      ['   6.532 Hosting game at IP ADDR:({0.0.0.0:34197})', ready],
      ['   6.531 Info ServerMultiplayerManager.cpp:795: updateTick(0) changing state from(CreatingGame) to(InGame)', ready],
      ['2026-05-01 12:10:05 [JOIN] alice joined the game', join('alice')],
      ['2026-05-01 12:11:00 [CHAT] alice: hello', chat('alice', 'hello')],
      ['2026-05-01 12:11:00 [CHAT] alice: 2026-05-01 12:10:05 [JOIN] eve joined the game', chat('alice', '2026-05-01 12:10:05 [JOIN] eve joined the game')],
      ['2026-05-01 12:11:01 [CHAT] <server>: hello', chat('<server>', 'hello')],
      ['2026-05-01 12:12:00 [LEAVE] alice left the game', leave('alice')],
      ['   1.234 Info Foo.cpp:12: something', []],
    ],
    'minecraft-java': [
      ['[12:00:00] [Server thread/INFO]: Done (12.3s)! For help, type "help"', ready],
      ['[12:00:00 INFO]: Done (12.345s)! For help, type "help"', ready],
      ['[12:00:00] [Server thread/INFO]: alice joined the game', join('alice')],
      ['[12:00:00 INFO]: alice joined the game', join('alice')],
      ['[12:00:00] [Server thread/INFO] [minecraft/DedicatedServer]: alice joined the game', join('alice')],
      ['[12:00:05] [Server thread/INFO]: <alice> hello', chat('alice', 'hello')],
      ['[12:00:05] [Server thread/INFO]: [Not Secure] <alice> hello', chat('alice', 'hello')],
      ['[12:00:05] [Async Chat Thread - #0/INFO]: <alice> hello', chat('alice', 'hello')],
      ['[12:00:05] [Server thread/INFO]: <eve> [12:00:00] [Server thread/INFO]: bob left the game', chat('eve', '[12:00:00] [Server thread/INFO]: bob left the game')],
      ['[12:02:00] [Server thread/INFO]: alice left the game', leave('alice')],
      ['[12:00:00] [Server thread/INFO]: alice lost connection: Disconnected', []],
    ],
    minetest: [
      ['2026-11-21 04:16:17: ACTION[Main]: Server for gameid="minetest" listening on 127.0.0.1:28400.', ready],
      ['2026-05-01 12:00:00: ACTION[Server]: alice [127.0.0.1] joins game. List of players: alice', join('alice')],
      ['2026-05-01 12:00:05: ACTION[Server]: CHAT: <alice> hello', chat('alice', 'hello')],
      ['2026-05-01 12:00:05: ACTION[Server]: CHAT: <eve> bob leaves game.', chat('eve', 'bob leaves game.')],
      ['2026-05-01 12:02:00: ACTION[Server]: alice leaves game. List of players:', leave('alice')],
      ['2026-05-01 12:02:00: ACTION[Server]: alice times out. List of players: bob', leave('alice')],
      ['2026-11-21 04:16:23: ACTION[Main]: Server: Shutting down', []],
    ],
    openttd: [
      ['corral: ready', ready],
      ['*** alice has joined the game (Client #2)', join('alice')],
      ['\u200e*** alice b has joined the game (Client #2)', join('alice b')],
      ['*** alice has left the game (connection lost)', leave('alice')],
      ['\u200e[All] alice: hello', chat('alice', 'hello')],
      ['\u200e[All] <server>: corral: ready', chat('<server>', 'corral: ready')],
      ['\u200e[All] eve: *** bob has left the game (x)', chat('eve', '*** bob has left the game (x)')],
      ['dbg: [net] Map generated, starting game', []],
    ],
    teeworlds: [
      ['[2026-11-21 04:12:30][server]: version 0.7 802f1be60a05665f', ready],
      ['[2026-11-21 01:46:29][game]: team_join player=\'0:alice\' team=0', join('alice')],
      ['[2026-11-21 01:46:29][game]: team_join player=\'0:alice\' team=0->-1', []],
      ['[2026-11-21 01:46:29][chat]: 0:-2:alice: hello: you', chat('alice', 'hello: you')],
      ['[2026-11-21 01:46:29][game]: leave player=\'0:o\'neil\'', leave('o\'neil')],
      ['[2026-11-21 01:46:29][server]: player has entered the game. ClientID=0 addr=127.0.0.1:40000', []],
    ],
    sample: [
      ['[ready] arena is ready on port 7777', ready],
      ['[join] alice', join('alice')],
      ['[leave] alice', leave('alice')],
      ['[chat] alice: hello: you', chat('alice', 'hello: you')],
      ['[chat] <server>: hi', chat('<server>', 'hi')],
    ],
  }

  it('are all tried here, and load without a problem', async () => {
    const { templates, problems } = await loadTemplates([builtInTemplates])
    expect(problems).to.deep.equal([])
    expect([...templates.keys()]).to.have.members(Object.keys(lines))
  })

  for (const [id, cases] of Object.entries(lines)) {
    for (const [line, expected] of cases) {
      it(`of ${id} read: ${line}`, async () => {
        const { templates } = await loadTemplates([builtInTemplates])
        const template = templates.get(id)
        if (template === undefined) throw new Error(`no template ${id}`)
        expect(new LineMatcher(template).match(line)).to.deep.equal(expected)
      })
    }
  }

  it('know the failed starts of OpenTTD and Minecraft', async () => {
    const { templates } = await loadTemplates([builtInTemplates])
    const isFailure = (id: string, line: string) => new LineMatcher(templates.get(id) ?? {}).isFailure(line)
    expect(isFailure('openttd', 'dbg: [net] Could not start network: could not create listening socket')).to.equal(true)
    expect(isFailure('openttd', 'Could not start the server')).to.equal(true)
    expect(isFailure('minecraft-java', '[12:00:00] [main/INFO]: You need to agree to the EULA in order to run the server. Go to eula.txt for more info.')).to.equal(true)
  })
})
