import { expect } from 'chai'
import fc from 'fast-check'
import { fitWidths, formatFields, formatTable } from './table.ts'
import type { Column } from './table.ts'
import { textWidth, truncate } from './text-width.ts'

interface Row { name: string; count: number | null; note: string }
const columns: ReadonlyArray<Column<Row>> = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'COUNT', value: ({ count }) => count, align: 'right' },
  { title: 'NOTE', value: ({ note }) => note, isOptional: true },
]

describe('A table', () => {
  it('aligns its columns under their titles and shows nothing as a dash', () => {
    const text = formatTable(columns, [{ name: 'arena', count: 12, note: 'x' }, { name: 'b', count: null, note: '' }])
    expect(text).to.equal('NAME   COUNT  NOTE\narena     12  x\nb          -  -\n')
  })

  it('leaves an optional column out where no row has a value', () => {
    expect(formatTable(columns, [{ name: 'a', count: 1, note: '' }])).to.equal('NAME  COUNT\na         1\n')
  })

  it('cuts the widest column to fit the terminal and leaves the others whole', () => {
    const text = formatTable(columns, [{ name: 'arena', count: 1, note: 'this is a very long explanation' }], 30)
    expect(text.split('\n')[1]).to.equal('arena      1  this is a very …')
  })

  it('cuts nothing where there is no terminal', () => {
    const note = 'x'.repeat(500)
    expect(formatTable(columns, [{ name: 'a', count: 1, note }])).to.contain(note)
  })

  it('keeps line breaks and escape sequences of games out of the terminal', () => {
    const text = formatTable(columns, [{ name: 'a\nb', count: 1, note: '\u001b[2J' }])
    expect(text.split('\n')).to.have.length(3)
    expect(text).not.to.contain('\u001b')
  })

  it('never has a line that is wider than the terminal, whatever is in it', () => {
    fc.assert(fc.property(
      fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), count: fc.nat(), note: fc.string() }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 20, max: 120 }),
      (rows, width) => {
        const lines = formatTable(columns, rows, width).trimEnd().split('\n')
        expect(lines).to.have.length(rows.length + 1)
        for (const line of lines) expect(textWidth(line)).to.be.at.most(width)
      },
    ))
  })

  it('takes room from the widest columns first', () => {
    expect(fitWidths([10, 30, 5], 40)).to.deep.equal([10, 21, 5])
    expect(fitWidths([20, 22, 5], 30)).to.deep.equal([10, 11, 5])
  })
})

describe('Fields', () => {
  it('are printed one a line and cut to the terminal', () => {
    expect(formatFields([['id', 3], ['problem', 'a long text that does not fit']], 20)).to.equal('id       3\nproblem  a long tex…\n')
  })

  it('puts further lines of a value below its first', () => {
    expect(formatFields([['id', 3], ['problem', 'It says:\none\u001b[31m']])).to.equal('id       3\nproblem  It says:\n         one\\u001b[31m\n')
  })
})

describe('Truncation', () => {
  it('counts wide characters as two columns', () => {
    expect(truncate('日本語テキスト', 6)).to.equal('日本…')
    expect(textWidth('日本…')).to.equal(5)
  })
})
