import { pipedSecret, SecretPrompt } from '../../lib/cli/secret-input.ts'
import type { Input } from '../../lib/cli/secret-input.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'

interface TokenSources {
  /** From the command line. */
  readonly token?: string | undefined
  readonly tokenStdin: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Input
  /** Prints a question after which the cursor stays. */
  ask(text: string): void
}

export const tokenVariable = 'CORRAL_JOIN_TOKEN'

/** The token to join with, from the command line, stdin, the environment or a person at the terminal. Throws `invalid_request`. */
export async function joinToken({ token, tokenStdin, env, stdin, ask }: TokenSources): Promise<string> {
  if (tokenStdin) {
    if (token !== undefined) throw new ClusterError('invalid_request', 'The token is in the command line; leave it out there, or leave out --token-stdin')
    return (await pipedSecret(stdin, 'token')).trim()
  }
  const given = token ?? env[tokenVariable]
  if (given !== undefined && given.trim() !== '') return given.trim()
  const prompt = new SecretPrompt(stdin, ask, `The join token is missing, and there is no terminal to ask for it; pipe it in with --token-stdin, or set ${tokenVariable}`)
  try {
    const typed = (await prompt.question('Join token: ')).trim()
    if (typed === '') throw new ClusterError('invalid_request', 'The token is empty; `ctl slave invite` prints one')
    return typed
  } finally {
    prompt.close()
  }
}
