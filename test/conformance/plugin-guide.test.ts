import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '../../lib/package-root.ts'
import { plugin } from '../../plugins/global-chat/index.ts'

const guide = readFileSync(join(packageRoot, 'docs/guides/writing-a-plugin.md'), 'utf8')
const marker = /^\/\/ (\S+\.ts)$/

/** The guide's snippets of TypeScript: the file that each is of, and its lines. */
function snippets(): Array<{ file: string; lines: string[] }> {
  return [...guide.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, text = '']) => {
    const [first = '', ...lines] = text.trimEnd().split('\n')
    return { file: marker.exec(first)?.[1] ?? '', lines }
  })
}

/** Whether a line of the guide is the file's line; `…` stands for a rest, or for lines, that are left out. */
function isSame(ofGuide: string, ofFile: string): boolean {
  return ofGuide.endsWith('…') ? ofFile.startsWith(ofGuide.slice(0, -1)) : ofGuide === ofFile
}

describe('The guide to writing a plugin', () => {
  it('shows global-chat as it is', () => {
    const found = snippets()
    expect(found.map(({ file }) => file)).to.include.members(['index.ts', 'messages.ts', 'master.ts', 'slave.ts', 'instance.ts', 'ctl.ts'])
    for (const { file, lines } of found) {
      const source = readFileSync(join(packageRoot, 'plugins/global-chat', file), 'utf8').split('\n')
      let at = -1
      let maySkip = true
      for (const line of lines) {
        if (line.trim() === '…') {
          maySkip = true
          continue
        }
        const next = source.findIndex((one, index) => index > at && isSame(line, one))
        expect(next, `${file}: ${line}`).to.be.above(at)
        if (!maySkip) expect(next, `${file} has more before: ${line}`).to.equal(at + 1)
        at = next
        maySkip = false
      }
    }
  })

  it('names every part that a plugin can have, and every hook of the slave', () => {
    expect(Object.keys(plugin)).to.have.members(['name', 'version', 'description', 'config', 'messages', 'master', 'slave', 'instance', 'ctl'])
    const hooks = [...readFileSync(join(packageRoot, 'lib/plugin/slave-context.ts'), 'utf8').matchAll(/^ {2}([a-z]+_?[a-z]*): (?:\{ readonly|Record)/gm)].map(([, name = '']) => name)
    expect(hooks.length).to.be.above(9)
    for (const hook of hooks) expect(guide).to.contain(`\`${hook}\``)
  })
})
