import { usageError } from '../../../lib/cli/usage-error.ts'
import type { Context } from '../../context.ts'

// The shells ask ctl itself, so that the scripts never grow old. `FILES` tells them to complete names of files.
const bash = `_ctl() {
  local words IFS=$'\\n'
  words=$(ctl complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "$words" = FILES ]; then COMPREPLY=($(compgen -f -- "$2")); else COMPREPLY=($(compgen -W "$words" -- "$2")); fi
}
complete -o filenames -F _ctl ctl
`

const zsh = `#compdef ctl
_ctl() {
  local -a found
  found=("\${(@f)$(ctl complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "$found" == FILES ]]; then _files; else compadd -- $found; fi
}
(( $+functions[compdef] )) && compdef _ctl ctl
`

/** `ctl completion bash|zsh` */
export async function run({ args, output }: Context): Promise<void> {
  const shell = args.word('SHELL')
  if (shell !== 'bash' && shell !== 'zsh') throw usageError(`There is completion for bash and zsh, not for "${shell}"`)
  await output.write(shell === 'bash' ? bash : zsh)
}
