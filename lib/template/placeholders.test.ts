import { expect } from 'chai'
import { fillIn, fillInTyped, placeholderProblems, placeholdersIn } from './placeholders.ts'

const values = new Map<string, string | number | boolean>([['dir', '/d'], ['var.name', 'a "b" \\'], ['port.game', 8303], ['var.open', true]])
const known = new Set(values.keys())

describe('placeholders', () => {
  it('are filled in', () => {
    expect(fillIn('{dir}/x:{port.game}', values)).to.equal('/d/x:8303')
    expect(placeholdersIn('{dir}/x:{port.game} {{dir}')).to.deep.equal(['dir', 'port.game'])
  })

  it('are written literally with two braces', () => {
    expect(fillIn('{{dir} {dir}', values)).to.equal('{dir} /d')
  })

  it('leave braces alone that stand before no letter', () => {
    const text = '{ "a": {"b": {}}, "c": [{ }] } {1}'
    expect(placeholderProblems(text, known)).to.deep.equal([])
    expect(fillIn(text, values)).to.equal(text)
  })

  it('can be quoted by filters', () => {
    expect(fillIn('"{var.name|escaped}"', values)).to.equal(String.raw`"a \"b\" \\"`)
    expect(fillIn('"{var.name|quotes}"', values)).to.equal(String.raw`"a \"b\" \ "`)
    expect(fillIn('{var.name|json}', values)).to.equal(String.raw`"a \"b\" \\"`)
    expect(fillIn('{var.open|number}', values)).to.equal('1')
    expect(fillIn('{dir|unslashed}', values)).to.equal('d')
    expect(fillIn('echo {x}', new Map([['x', 'a\'; rm -rf /']]), 'shell')).to.equal(`echo 'a'\\''; rm -rf /'`)
  })

  it('are not looked for in what was filled in', () => {
    expect(fillIn('{x}{dir}', new Map([['x', '{dir}'], ['dir', '/d']]))).to.equal('{dir}/d')
    expect(fillIn('{x}', new Map([['x', '$& $1 {{dir}']]))).to.equal('$& $1 {{dir}')
  })

  it('keep the type of a value that stands alone', () => {
    expect(fillInTyped('{port.game}', values)).to.equal(8303)
    expect(fillInTyped('{var.open}', values)).to.equal(true)
    expect(fillInTyped('p{port.game}', values)).to.equal('p8303')
  })

  it('are refused when unknown or misspelt', () => {
    expect(placeholderProblems('{port.gane}', known)[0]).to.include('did you mean "port.game"')
    expect(placeholderProblems('{dir|escapd}', known)[0]).to.include('did you mean "escaped"')
    expect(placeholderProblems('{dir |json}', known)[0]).to.include('no placeholder')
    expect(placeholderProblems('{dir', known)[0]).to.include('no placeholder')
  })
})
