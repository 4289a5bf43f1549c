import { expect } from 'chai'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { keptPorts } from './launch-game.ts'
import type { Planned } from './prepare-game.ts'

describe('keptPorts', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  const planned = (ports: Planned['ports'], pinned: Planned['ports'] = {}): Planned => {
    const template = { console: { input: 'econ', port: 'econ', password: 'secret' } }
    return { assignment: { template, ports: pinned } as unknown as Planned['assignment'], ports }
  }

  it('keeps a port that was chosen, and one that was set as long as it is', async () => {
    const pinned = { ...planned({ game: 28_000, web: 22 }), set_ports: { web: 22 } }
    expect(await keptPorts({ ...pinned, assignment: { ...pinned.assignment, ports: { web: 22 } } })).to.deep.equal({ game: 28_000, web: 22 })
    expect(await keptPorts({ ...pinned, assignment: { ...pinned.assignment, ports: { web: 23 } } })).to.deep.equal({ game: 28_000, web: 23 })
    expect(await keptPorts(pinned)).to.deep.equal({ game: 28_000 })
  })

  it('gives up the number of a console that something else has, unless it was asked for', async () => {
    const server = createServer().listen(0, '0.0.0.0')
    cleanups.add(() => { server.close() })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await keptPorts(planned({ game: port, econ: port }))).to.deep.equal({ game: port })
    expect(await keptPorts(planned({ game: port, econ: port }, { econ: port }))).to.deep.equal({ game: port, econ: port })
    server.close()
    await once(server, 'close')
    expect(await keptPorts(planned({ game: 1, econ: port }))).to.deep.equal({ game: 1, econ: port })
  })
})
