import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect } from 'chai'
import { optionText, usageOf } from '../../lib/cli/command.ts'
import { errorCodes } from '../../lib/errors/codes.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { masterCommands, masterProgram } from '../../master/commands/table.ts'
import { referencePages } from '../../scripts/docs/pages.ts'
import { slaveCommands, slaveProgram } from '../../slave/commands/table.ts'

const referenceDirectory = join(packageRoot, 'docs/reference')
const absolutePath = /(?<![\w.~$}/:])\/(?:work|root|Users)\/|\/home\/(?!USER\b|corral\b)[a-z]|\/tmp\/bash/
const fence = /^ {0,3}(```|~~~)[\s\S]*?^ {0,3}\1[^\n]*$/gm

/** The pages that readers get: README, CHANGELOG, all below docs/, and the plugins' own. */
function pages(): string[] {
  const inDocs = readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name))
  const ofPlugins = readdirSync(join(packageRoot, 'plugins')).map((name) => join('plugins', name, 'README.md'))
  return ['README.md', 'CHANGELOG.md', ...inDocs, ...ofPlugins]
    .filter((name) => name.endsWith('.md') && existsSync(join(packageRoot, name)))
}

function read(name: string): string {
  return readFileSync(join(packageRoot, name), 'utf8')
}

/** Targets of a page's links, those in code left out. */
function linksOf(text: string): string[] {
  const prose = text.replace(fence, '').replace(/`[^`\n]*`/g, '')
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)]
  const references = [...prose.matchAll(/^\[[^\]]+\]:\s*<?([^\s>]+)/gm)]
  return [...inline, ...references].map(([, target = '']) => target)
}

/** Anchors of a page's headings, made as Markdown renderers do. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replace(fence, '').matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const base = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
    let anchor = base
    for (let copy = 1; anchors.has(anchor); copy += 1) anchor = `${base}-${copy}`
    anchors.add(anchor)
  }
  return anchors
}

function problemOf(page: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined
  const [path = '', anchor] = decodeURI(target).split('#')
  const file = path === '' ? page : relative(packageRoot, join(packageRoot, dirname(page), path))
  if (file.startsWith('..') || !existsSync(join(packageRoot, file))) return `${page}: ${target} is not there`
  if (anchor && file.endsWith('.md') && !anchorsOf(read(file)).has(anchor)) return `${page}: ${target} names no heading`
  return undefined
}

describe('The documentation', () => {
  it('has the reference as the code gives it; `npm run docs` writes it anew', async () => {
    const generated = await referencePages()
    expect(Object.keys(generated)).to.include.members(['messages.md', 'cli.md', 'config.md', 'errors.md'])
    for (const [name, text] of Object.entries(generated)) {
      expect(readFileSync(join(referenceDirectory, name), 'utf8'), name).to.equal(text)
    }
  })

  it('has a row for every error, with its status, exit code, retry and meaning', () => {
    const rows = read('docs/reference/errors.md').split('\n')
    for (const [code, { http, exit, isRetryable, meaning }] of Object.entries(errorCodes)) {
      expect(rows).to.include(`| \`${code}\` | ${http} | ${exit} | ${isRetryable ? 'yes' : 'no'} | ${meaning} |`)
    }
  })

  it('has every command and option of master and slave', () => {
    const page = read('docs/reference/cli.md')
    for (const [program, commands] of [[masterProgram, masterCommands], [slaveProgram, slaveCommands]] as const) {
      const start = page.indexOf(`## ${program.name}\n`)
      const part = page.slice(start, page.indexOf('\n## ', start + 1))
      expect(part).to.contain('| `--config FILE` |')
      for (const command of commands) {
        expect(part).to.contain(`| \`${usageOf(program, command)}\` |`)
        for (const option of command.options) expect(part).to.contain(`| \`${command.path.join(' ')} ${optionText(option)}\` |`)
      }
    }
  })

  it('links only to files and headings that are there', () => {
    const names = pages()
    expect(names.length).to.be.above(6)
    expect(names.flatMap((name) => linksOf(read(name)).map((target) => problemOf(name, target)).filter(Boolean))).to.deep.equal([])
  })

  it('finds links that lead nowhere', () => {
    const text = 'See [a](none.md), [b](errors.md#codes), [c](errors.md#none), [d](https://example.org/x), `[e](none.md)`\n\n[f]: ../none.md\n'
    const problems = linksOf(text).map((target) => problemOf('docs/reference/cli.md', target)).filter(Boolean)
    expect(problems).to.deep.equal(['none.md is not there', 'errors.md#none names no heading', '../none.md is not there'].map((end) => `docs/reference/cli.md: ${end}`))
  })

  it('names no path of the machine that it was written on', () => {
    expect(absolutePath.test('see /home/ann/corral')).to.equal(true)
    for (const name of pages()) {
      const found = read(name).split('\n').filter((line) => absolutePath.test(line) || line.includes(packageRoot))
      expect(found, name).to.deep.equal([])
    }
  })
})
