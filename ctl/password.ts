import { pipedSecret, SecretPrompt } from '../lib/cli/secret-input.ts'
import { usageError } from '../lib/cli/usage-error.ts'
import { minPasswordLength } from '../lib/link/messages/users.ts'
import type { Context } from './context.ts'

/**
 * A new password for somebody: with `--password-stdin` all of stdin but the line end, else what a person types twice
 * at the terminal, unseen. It never stands in a command line, where others could see it. Throws a usage error, for one that
 * is too short before it is typed again.
 */
export async function newPassword({ args, stdin, ask }: Pick<Context, 'args' | 'stdin' | 'ask'>, name: string): Promise<string> {
  if (args.flag('password-stdin')) return longEnough(await pipedSecret(stdin, 'password'))
  const prompt = new SecretPrompt(stdin, ask, 'There is no terminal to ask for the password; pipe it in with --password-stdin')
  try {
    const password = longEnough(await prompt.question(`Password for ${name}: `))
    if (await prompt.question('Once more: ') !== password) throw usageError('The passwords differ; try again')
    return password
  } finally {
    prompt.close()
  }
}

function longEnough(password: string): string {
  if (password === '') throw usageError('The password is empty')
  if (Array.from(password).length >= minPasswordLength) return password
  throw usageError(`The password is too short: it must have at least ${minPasswordLength} characters`)
}
