import { restartInstance } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { controlEach } from './control.ts'

/** `ctl instance restart NAME... [--wait]` */
export function run(context: Context): Promise<void> {
  return controlEach(context, { doing: 'restarting', done: 'restarted', noun: 'restart', shownBy: [] }, restartInstance)
}
