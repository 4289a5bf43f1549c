import type { CommandSpec } from '../../command.ts'

export const masterCommands: readonly CommandSpec[] = [
  { path: ['master', 'status'], summary: 'Show what the master is doing', arguments: [], options: [], load: () => import('./status.ts') },
]
