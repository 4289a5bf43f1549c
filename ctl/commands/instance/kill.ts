import { killInstance } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { controlEach } from './control.ts'

/** `ctl instance kill NAME...` */
export function run(context: Context): Promise<void> {
  return controlEach(context, { doing: 'killing', done: 'killed', noun: 'kill', shownBy: ['stopped', 'crashed'] }, killInstance)
}
