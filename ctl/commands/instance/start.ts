import { startInstance } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { controlEach, starting } from './control.ts'

/** `ctl instance start NAME... [--wait]` */
export function run(context: Context): Promise<void> {
  return controlEach(context, starting, startInstance)
}
