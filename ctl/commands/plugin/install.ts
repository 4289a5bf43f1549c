import { installPackage } from '../../../lib/plugin/packages.ts'
import type { Context } from '../../context.ts'
import { ownPackagesDirectory } from '../../plugin-directories.ts'

/** `ctl plugin install PACKAGE` */
export async function run({ args, env, output, note }: Context): Promise<void> {
  const { plugin: { name, version, ctl = [] }, source } = await installPackage(ownPackagesDirectory({ config: args.text('config'), env }), args.word('PACKAGE'))
  if (ctl.length === 0) note(`The plugin ${name} has no commands for ctl.`)
  await output.data({ name, version, source }, () => `The plugin ${name} is installed; see \`ctl plugin ${name} --help\`.\n`)
}
