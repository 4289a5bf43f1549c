import { expect } from 'chai'
import type { Link } from '../../lib/link/link.ts'
import { PluginGuard } from '../../lib/plugin/guard.ts'
import type { Caller, MasterContext } from '../../lib/plugin/master-context.ts'
import { UndoList } from '../../lib/plugin/undo.ts'
import { masterContext } from './context.ts'
import { PluginLink } from './link.ts'

type Handler = (data: object, request: { caller: object; link: Link }) => Promise<unknown>

describe('What a plugin hears of the end of a control\'s connection', () => {
  const pluginLink = new PluginLink({} as never)
  let failures: string[]
  let undo: UndoList
  let handlers: Map<string, Handler>

  beforeEach(() => {
    failures = []
    undo = new UndoList()
    handlers = new Map()
  })

  function contextOf(name: string): MasterContext<never> {
    const guard = new PluginGuard({ plugin: name, onFailure: ({ where, error }) => failures.push(`${name}, ${where}: ${String(error)}`) })
    const add = (type: string, handler: Handler): (() => void) => {
      handlers.set(type, handler)
      return () => handlers.delete(type)
    }
    const log = { child: () => log }
    const parts = {
      cluster: { pluginLink, log, hooks: {}, instances: {}, store: {}, url: '' },
      dispatcher: { handlers: { add } },
      config: { values: {} },
      dataDirectory: '/nowhere',
    }
    return masterContext({ name, version: '1.0.0', description: '' }, guard, undo, parts as never)
  }

  /** A control that asks a plugin, which then listens for its end. */
  async function ask(name: string, link: Link, onClosed: () => void): Promise<void> {
    const type = `${name}:watch`
    const answer = (_data: unknown, { control }: Caller): object => {
      control?.onClosed(onClosed)
      return {}
    }
    contextOf(name).answer({ kind: 'request', type, routes: ['control-master'] } as never, answer as never)
    await handlers.get(type)?.({}, { caller: {}, link })
  }

  const control = (): Link => ({}) as Link

  it('is contained: what one throws reaches neither the others nor the master', async () => {
    const heard: string[] = []
    const link = control()
    await ask('broken', link, () => {
      heard.push('broken')
      throw new Error('no')
    })
    await ask('sound', link, () => heard.push('sound'))
    pluginLink.controlClosed(link)
    pluginLink.controlClosed(link)
    expect(heard).to.deep.equal(['broken', 'sound'])
    expect(failures).to.deep.equal(['broken, closed control: Error: no'])
  })

  it('is nothing once the plugin has stopped', async () => {
    const heard: string[] = []
    const link = control()
    await ask('demo', link, () => heard.push('demo'))
    await undo.run(() => {})
    pluginLink.controlClosed(link)
    expect(heard).to.deep.equal([])
  })

  it('is told as well when the connection ended before the plugin asked', async () => {
    const heard: string[] = []
    const link = control()
    pluginLink.controlClosed(link)
    await ask('demo', link, () => heard.push('demo'))
    expect(heard).to.deep.equal(['demo'])
    await ask('broken', link, () => { throw new Error('no') })
    expect(failures).to.deep.equal(['broken, closed control: Error: no'])
  })
})
