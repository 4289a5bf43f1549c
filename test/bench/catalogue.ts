import { bester } from './bester.ts'
import { brokers } from './brokers.ts'
import { clone } from './clone.ts'
import { concierge } from './concierge.ts'
import { consoles } from './console.ts'
import { crowd } from './crowd.ts'
import { ctl } from './ctl.ts'
import { durable } from './durable.ts'
import { events } from './events.ts'
import { fanout } from './fanout.ts'
import { gateway } from './gateway.ts'
import type { Benchmark } from './harness/benchmark.ts'
import { memory } from './memory.ts'
import { relay } from './relay.ts'
import { requests } from './requests.ts'
import { scale } from './scale.ts'
import { turntable } from './turntable.ts'

/** All benchmarks, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [ctl, memory, requests, relay, brokers, events, fanout, consoles, durable, crowd, clone, turntable, concierge, bester, gateway, scale]

/** The programs under `processes/` that they use. */
export const processes: readonly string[] = ['plain', 'load', 'trio', 'readers', 'rooms', 'groups', 'bester', 'gateway', 'swarm']
