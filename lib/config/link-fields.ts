import type { ChannelSettings } from '../link/channel.ts'
import { defaultChannelSettings } from '../link/channel.ts'
import { durationField, integerField } from './fields.ts'
import type { Values } from './field.ts'

/** A peer acknowledges so often that a buffer of this size never fills for that reason. */
const leastSendBufferBytes = 4 * defaultChannelSettings.ackEveryBytes

/** Fields of the link that both of its ends have. */
export const linkFields = {
  'link.heartbeat_ms': durationField({ default: defaultChannelSettings.heartbeatMs, minimum: 10, description: 'A sign of life is sent this often.' }),
  'link.heartbeat_timeout_ms': durationField({ default: defaultChannelSettings.heartbeatTimeoutMs, minimum: 20, description: 'A peer that was silent for this long, rounded up to whole intervals of signs of life and at least two, is taken for dead.' }),
  'link.resume_window_ms': durationField({ default: defaultChannelSettings.resumeWindowMs, minimum: 0, description: 'A lost connection may be resumed for this long; then what was pending fails.' }),
  'link.send_buffer_bytes': integerField({ default: defaultChannelSettings.sendBufferBytes, minimum: leastSendBufferBytes, description: 'Bytes that a peer may leave unacknowledged before its session ends.' }),
}

/** The link's settings out of a config that has these fields. */
export function linkSettings(values: Values<typeof linkFields>): ChannelSettings {
  return {
    ...defaultChannelSettings,
    heartbeatMs: values['link.heartbeat_ms'],
    heartbeatTimeoutMs: values['link.heartbeat_timeout_ms'],
    resumeWindowMs: values['link.resume_window_ms'],
    sendBufferBytes: values['link.send_buffer_bytes'],
  }
}
