import { usageError } from '../../../lib/cli/usage-error.ts'
import { createSlaveToken } from '../../../lib/link/messages/slaves.ts'
import type { Context } from '../../context.ts'

/** `ctl slave create-token ID [--name NAME]` */
export async function run({ args, connect, output, note }: Context): Promise<void> {
  const word = args.word('ID')
  const id = Number(word)
  if (!/^-?\d+$/.test(word) || !Number.isSafeInteger(id)) throw usageError(`The id of a slave is a whole number, not "${word}"`)
  const name = args.text('name')
  const made = await (await connect()).send(createSlaveToken, { slave_id: id, ...(name === undefined ? {} : { name }) })
  await output.data(made, () => `${made.token}\n`)
  if (output.format === 'table') note(`The token of slave ${made.id} (${made.name}). It is shown this once; tokens that this slave had before are good no more. A Corral slave takes it with \`slave config set token TOKEN\` and a restart; its games go on.`)
}
