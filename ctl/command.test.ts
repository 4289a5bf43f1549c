import { expect } from 'chai'
import { commands } from './cli.ts'

describe('The table of commands', () => {
  it('names a module that can run for each command', async () => {
    for (const command of commands) expect((await command.load()).run, command.path.join(' ')).to.be.a('function')
  })
})
