import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { configFileName } from '../../lib/config/definition.ts'
import { linkSettings } from '../../lib/config/link-fields.ts'
import { loadConfig } from '../../lib/config/load.ts'
import { silentLogger } from '../../lib/log/logger.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { Plugin } from '../../lib/plugin/definition.ts'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import type { Store } from '../../lib/store/store.ts'
import { masterConfig, masterLimits } from '../../master/config.ts'
import { startMaster } from '../../master/master.ts'
import { withPlugins } from '../../lib/plugin/catalogue.ts'
import type { KnownPlugin } from '../../lib/plugin/catalogue.ts'
import type { Cleanups } from './cleanups.ts'
import { temporaryDirectory } from './temp-directory.ts'

export interface TestMasterOptions {
  /** Plugins that it knows; each of them runs unless the config says otherwise. */
  readonly plugins?: readonly Pick<Plugin, 'name'>[]
  /** Fields of config-master.json. */
  readonly config?: Readonly<Record<string, unknown>>
  /** 0, any free one, unless a test needs the port of an earlier master. */
  readonly port?: number
  readonly store?: Store
  readonly log?: Logger
  /** Where plugins keep files; a new directory when left out. */
  readonly dataDirectory?: string
}

export interface TestMaster {
  readonly url: string
  /** The same address for WebSockets. */
  readonly wsUrl: string
  readonly port: number
  readonly dataDirectory: string
  stop(): Promise<void>
}

/** A real master in this process, on a free port and with a store in memory; stopped with the clean-ups. */
export async function startTestMaster(cleanups: Cleanups, options: TestMasterOptions = {}): Promise<TestMaster> {
  const { plugins = [], config = {}, port = 0, store = openMemoryStore(), log = silentLogger } = options
  const known = plugins.map((plugin): KnownPlugin => ({ plugin: plugin as Plugin, source: 'test' }))
  const directory = options.dataDirectory ?? await temporaryDirectory(cleanups)
  const file = join(directory, configFileName('master'))
  const enabled = Object.fromEntries(plugins.map(({ name }) => [`${name}.enabled`, true]))
  await writeFile(file, JSON.stringify({ ...enabled, ...config }), { mode: 0o600 })
  const all = await loadConfig(withPlugins(masterConfig, known), { file, env: {} })
  const { values } = all as unknown as Awaited<ReturnType<typeof loadConfig<typeof masterConfig.fields>>>
  const master = await startMaster({
    store, log, port,
    bind: '127.0.0.1',
    tls: undefined,
    publicUrl: undefined,
    templatesDirectory: undefined,
    link: linkSettings(values),
    plugins: known,
    config: all,
    dataDirectory: directory,
    limits: masterLimits(values),
  })
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => stopped ??= master.stop().then(() => store.close())
  cleanups.add(stop)
  return { url: master.url, wsUrl: master.url.replace(/^http/, 'ws'), port: Number(new URL(master.url).port), dataDirectory: directory, stop }
}
