/**
 * What a token may be allowed to do. Every message names one; `none` needs only a good token, `peer` marks messages
 * between master and slave, which no control can send.
 */
export const permissions = {
  'none': 'needs only a valid token',
  'peer': 'travels only between master and slave',
  'cluster.read': 'see the master\'s status',
  'slave.read': 'list and show slaves',
  'slave.invite': 'create join tokens',
  'slave.join': 'join the cluster as a slave (what a join token holds)',
  'slave.manage': 'remove and drain slaves',
  'instance.read': 'list and show instances and their configuration',
  'instance.create': 'create instances',
  'instance.control': 'start, stop, restart and kill instances',
  'instance.delete': 'delete instances and their data',
  'instance.config': 'change instances\' configuration',
  'console.read': 'read and follow consoles',
  'console.send': 'send lines to consoles',
  'template.read': 'list and show templates',
  'token.manage': 'create, list and revoke tokens',
  'user.read': 'list users',
  'user.manage': 'create and delete users and set their passwords',
  'plugin.use': 'send messages of plugins',
} as const

export type Permission = keyof typeof permissions
