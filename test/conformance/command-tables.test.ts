import { expect } from 'chai'
import { commands as ctlCommands } from '../../ctl/cli.ts'
import { ctlProgram } from '../../ctl/command.ts'
import type { CommandForm, ProgramSpec } from '../../lib/cli/command.ts'
import { masterCommands, masterProgram } from '../../master/commands/table.ts'
import { slaveCommands, slaveProgram } from '../../slave/commands/table.ts'

const tables: ReadonlyArray<readonly [program: ProgramSpec, commands: readonly CommandForm[]]> = [
  [masterProgram, masterCommands], [slaveProgram, slaveCommands], [ctlProgram, ctlCommands],
]

for (const [program, commands] of tables) {
  describe(`The table of ${program.name}'s commands`, () => {
    it('gives options of one name the same kind and letter everywhere, for the command is found before its options are', () => {
      const kinds = new Map<string, string>()
      for (const { name, short, value, isMany } of [...program.options, ...commands.flatMap(({ options }) => options)]) {
        const kind = JSON.stringify([short, value !== undefined, isMany])
        expect(kinds.get(name) ?? kind, `--${name}`).to.equal(kind)
        kinds.set(name, kind)
      }
    })

    it('has no command whose words begin another', () => {
      const paths = commands.map(({ path }) => path.join(' '))
      for (const path of paths) expect(paths.filter((other) => other.startsWith(`${path} `))).to.deep.equal([])
      expect(new Set(paths).size).to.equal(paths.length)
    })

    it('has sentences without their stop, which help and reference set', () => {
      for (const { path, summary, options } of commands) {
        for (const text of [summary, ...options.map((option) => option.summary)]) expect(text, path.join(' ')).to.match(/[^.]$/)
      }
    })
  })
}
