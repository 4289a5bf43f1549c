import { expect } from 'chai'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { builtInTemplates } from './load.ts'
import { parseTemplate } from './parse.ts'
import { groupsOf, regexProblem } from './regex.ts'

describe('regexProblem', () => {
  it('lets usual regexes pass', () => {
    for (const source of [
      '^\\[join\\] (?<player>.+)$', 'Done \\([\\d.]+s\\)!', '(?:ab)+', '(a|b)*c', '[(+)]+', '\\(a+\\)+', '^(?:[^ ]* ){2}x', '(a+)?b', '',
    ]) expect(regexProblem(source), source).to.equal(undefined)
  })

  it('refuses what does not compile, with a reason', () => {
    expect(regexProblem('(')).to.match(/[Ii]nvalid/)
    expect(regexProblem('\\<')).to.match(/[Ii]nvalid/)
  })

  it('refuses repeats within repeats', () => {
    for (const source of ['(a+)+$', '(?:a*)*b', '((?:x+)y?)*z', '([a-z]+)*$', '(a{2,})+']) {
      expect(regexProblem(source), source).to.include('repeat')
    }
  })

  it('refuses what takes too long on a long line, and does not take long itself', () => {
    const began = process.cpuUsage()
    expect(regexProblem('(.*)a(.*)a(.*)a(.*)b')).to.include('too long')
    expect(regexProblem('^(a|aa)+$')).to.include('too long')
    // Of the processor, in microseconds: the clock would judge what else the host does.
    expect(process.cpuUsage(began).user).to.be.lessThan(5_000_000)
  })

  it('finds nothing slow in the templates that come with Corral', async () => {
    const names = (await readdir(builtInTemplates)).filter((name) => name.endsWith('.yaml'))
    expect(names).not.to.be.empty
    for (const name of names) parseTemplate(await readFile(join(builtInTemplates, name), 'utf8'), name)
  })

  it('tells the named groups', () => {
    expect(groupsOf('^(?<player>a)|(?<text>b)$')).to.have.members(['player', 'text'])
    expect(groupsOf('a')).to.deep.equal([])
  })
})
