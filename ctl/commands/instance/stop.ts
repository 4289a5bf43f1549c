import { stopInstance } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { controlEach } from './control.ts'

/** `ctl instance stop NAME... [--wait]` */
export function run(context: Context): Promise<void> {
  return controlEach(context, { doing: 'stopping', done: 'stopped', noun: 'stop', shownBy: ['stopping', 'stopped', 'crashed'] }, stopInstance)
}
