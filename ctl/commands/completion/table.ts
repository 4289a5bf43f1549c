import type { CommandSpec } from '../../command.ts'

/** `all` gives the commands that are completed, these among them. */
export const completionCommands = (all: () => readonly CommandSpec[]): readonly CommandSpec[] => [
  {
    path: ['completion'],
    summary: 'Print a script that lets a shell complete ctl\'s words',
    details: 'For bash: `source <(ctl completion bash)`; for zsh: `source <(ctl completion zsh)`.',
    arguments: [{ name: 'SHELL', summary: 'bash or zsh', completes: ['bash', 'zsh'] }],
    options: [],
    load: () => import('./script.ts'),
  },
  {
    path: ['complete'],
    isHidden: true,
    summary: 'Print what the last of the words can be, one a line',
    arguments: [{ name: 'WORD', summary: 'The words after ctl; the last is the one to complete', isMany: true, isOptional: true }],
    options: [],
    base: {},
    load: async () => {
      const { complete } = await import('./complete.ts')
      return { run: (context) => complete(context, all()) }
    },
  },
]
