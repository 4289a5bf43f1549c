import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { TestTurntables, untilStates as until } from '../../test/helpers/turntable.ts'

describe('turntable servers together', () => {
  const cleanups = new Cleanups()
  const { masters, servers, start, startOne, connect, user, subscribed } = new TestTurntables(cleanups)
  afterEach(() => cleanups.run())

  it('publish the same list', async () => {
    await start(2)
    for (const { url } of masters) expect(await (await fetch(`${url}/turntable/servers`)).json()).to.deep.equal(servers)
  })

  it('tell one another of their users, once for each change', async () => {
    await start(2)
    await user(1, '1:200')
    const client = await subscribed(0, ['1:200', '1:100', '1:2345'])
    await until(client, { '1:200': 'online', '1:100': 'offline', '1:2345': 'offline' })
    const friend = await user(1, '1:2345')
    expect(await client.expect('userchange')).to.deep.equal({ '1:2345': 'online' })
    friend.send('joingame', { channel: 'CStrike', self: '1:2345' })
    expect(await client.expect('userchange')).to.deep.equal({ '1:2345': 'busy' })
    await friend.close()
    expect(await client.expect('userchange')).to.deep.equal({ '1:2345': 'offline' })
    expect(await client.sync()).to.deep.equal([])
  })

  it('answer a later subscriber at once out of what they know', async () => {
    await start(2)
    await user(1, '1:200')
    const first = await subscribed(0, ['1:200'])
    await until(first, { '1:200': 'online' })
    const second = await subscribed(0, ['1:200'])
    expect(await second.sync()).to.deep.equal([{ command: 'userchange', data: { '1:200': 'online' } }])
    expect(await first.sync()).to.deep.equal([])
  })

  it('tell a user\'s server that he sits in a channel of another: busy while he is online, until he leaves', async () => {
    await start(3)
    const presence = await user(0, '1:100')
    const onOwn = await subscribed(0, ['1:100'])
    await until(onOwn, { '1:100': 'online' })
    const onThird = await subscribed(2, ['1:100'])
    await until(onThird, { '1:100': 'online' })
    const game = await connect(1)
    game.send('joingame', { channel: 'CStrike', self: '1:100' })
    await until(onOwn, { '1:100': 'busy' })
    await until(onThird, { '1:100': 'busy' })
    await game.close()
    await until(onOwn, { '1:100': 'online' })
    await until(onThird, { '1:100': 'online' })
    await presence.close()
    await until(onThird, { '1:100': 'offline' })
  })

  it('leave a user offline who only sits in a channel of another server', async () => {
    await start(2)
    const game = await connect(1)
    game.send('joingame', { channel: 'CStrike', self: '1:100' })
    await game.sync()
    const client = await subscribed(0, ['1:100'])
    expect(await client.expect('userchange')).to.deep.equal({ '1:100': 'offline' })
    client.send('idme', '1:100')
    await until(client, { '1:100': 'busy' })
  })

  it('bring invites to the server of the user, who gets them at once or when he comes', async () => {
    await start(2)
    const there = await user(1, '1:200')
    const client = await connect(0)
    client.send('joingame', { channel: 'room', self: '1:100', invite: ['1:200', '1:2345'] })
    expect(await there.expect('invite')).to.deep.equal({ user: '1:200', channel: 'room' })
    client.send('invite', { channel: 'second', user: '1:200' })
    await there.expect('invite')
    const late = await connect(1)
    late.send('idme', '1:2345')
    expect(await late.expect('invite')).to.deep.equal({ user: '1:2345', channel: 'room' })
  })

  it('keep an invite until the other server can be reached', async () => {
    await start(2, 1)
    const client = await connect(0)
    client.send('invite', { channel: 'room', user: '1:200' })
    await client.sync()
    masters.push(await startOne(1))
    const friend = await user(1, '1:200')
    expect(await friend.expect('invite')).to.deep.equal({ user: '1:200', channel: 'room' })
  })

  it('serve a user whose server is another', async () => {
    await start(2)
    const wrong = await subscribed(0, ['1:200'])
    await until(wrong, { '1:200': 'offline' })
    wrong.send('idme', '1:200')
    expect(await wrong.expect('userchange')).to.deep.equal({ '1:200': 'online' })
    const friend = await connect(0)
    friend.send('joingame', { channel: 'room', self: '1:100', invite: ['1:200'] })
    expect(await wrong.expect('invite')).to.deep.equal({ user: '1:200', channel: 'room' })
    wrong.send('joingame', { channel: 'room', self: '1:200' })
    await until(wrong, { '1:200': 'busy' })
  })

  it('say offline after two seconds for users of a server that does not answer', async () => {
    await start(2, 1)
    const client = await connect(0)
    const startMs = Date.now()
    client.send('subscribe', ['1:100', '1:200', '1:2345'])
    expect(await client.expect('userchange')).to.deep.equal({ '1:100': 'offline' })
    expect(await client.expect('userchange')).to.deep.equal({ '1:200': 'offline', '1:2345': 'offline' })
    expect(Date.now() - startMs).to.be.within(1_900, 3_500)
    masters.push(await startOne(1))
    await user(1, '1:200')
    expect(await client.expect('userchange')).to.deep.equal({ '1:200': 'online' })
  })

  it('renew subscriptions and seats when a server has started again', async () => {
    await start(2)
    const client = await subscribed(0, ['1:200'])
    await until(client, { '1:200': 'offline' })
    await user(1, '1:200')
    await until(client, { '1:200': 'online' })
    const game = await connect(0)
    game.send('joingame', { channel: 'room', self: '1:200' })
    await until(client, { '1:200': 'busy' })

    await masters[1]!.stop()
    await until(client, { '1:200': 'offline' })
    masters[1] = await startOne(1)
    await user(1, '1:200')
    await until(client, { '1:200': 'busy' })
  })

  it('forget the seats of a server that has gone', async () => {
    await start(2)
    const client = await subscribed(0, ['1:100'])
    client.send('idme', '1:100')
    const game = await connect(1)
    game.send('joingame', { channel: 'CStrike', self: '1:100' })
    await until(client, { '1:100': 'busy' })
    await masters[1]!.stop()
    await until(client, { '1:100': 'online' })
  })

  it('do not send an invite round in circles when they are set up wrongly', async () => {
    await start(2, 1, { 'turntable.peer_secret': null })
    await startOne(1, { 'turntable.self': 0, 'turntable.peer_secret': null })
    const client = await connect(0)
    client.send('invite', { channel: 'room', user: '1:200' })
    const friend = await user(1, '1:200')
    expect(await friend.expect('invite')).to.deep.equal({ user: '1:200', channel: 'room' })
    expect(await friend.sync()).to.deep.equal([])
  })
})
