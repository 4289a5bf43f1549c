import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { checkTemplate, parseTemplate } from './parse.ts'

const minimal = `id: game
name: Game
program: { command: game }
stop: { signal: SIGINT }
console: { input: none }
`

function failure(text: string): ClusterError {
  try {
    parseTemplate(text, 'game.yaml')
  } catch (error) {
    if (error instanceof ClusterError) return error
    throw error
  }
  throw new Error('was accepted')
}

describe('parseTemplate', () => {
  it('reads a minimal template and fills in the defaults', () => {
    const template = parseTemplate(minimal, 'game.yaml')
    expect(template.terminal).to.equal(false)
    expect(template.stop).to.deep.equal({ signal: 'SIGINT', grace_ms: 15_000, term_grace_ms: 5_000 })
    expect(template.ready).to.equal(undefined)
    expect(JSON.parse(JSON.stringify(template))).to.deep.equal(template)
  })

  it('names file, line, column and the nearest key for an unknown key', () => {
    const error = failure(`${minimal}redy: { regex: x }\n`)
    expect(error.code).to.equal('invalid_template')
    expect(error.message).to.equal('game.yaml:6:1: redy: unknown key "redy" (did you mean "ready"?)')
  })

  it('points at the value deep in the file', () => {
    const error = failure(`${minimal}ready:\n  regex: x\n  deadline_ms: soon\n`)
    expect(error.message).to.equal('game.yaml:8:16: ready.deadline_ms: must be integer')
  })

  it('reports several problems in the order of the file', () => {
    const lines = failure(`${minimal}ports:\n  game: { protocol: upd }\nterminal: 7\n`).message.split('\n')
    expect(lines).to.deep.equal([
      'game.yaml:7:21: ports.game.protocol: must be one of tcp, udp (did you mean "udp"?)',
      'game.yaml:8:11: terminal: must be boolean',
    ])
  })

  it('points at a list\'s entry', () => {
    expect(failure(`${minimal}args:\n  - a\n  - '{var.nme}'\nvariables:\n  name: { type: string, default: x }\n`).message)
      .to.match(/^game\.yaml:8:5: args\[1\]: unknown placeholder \{var\.nme\} \(did you mean "var\.name"\?\)/)
  })

  const refused: [title: string, text: string, message: RegExp][] = [
    ['malformed YAML', 'id: [unclosed', /^game\.yaml:1:\d+: is not the YAML/],
    ['a custom tag', `${minimal}description: !!js/function x\n`, /^game\.yaml:6:14: is not the YAML.*tag/i],
    ['the same key twice', `${minimal}name: Other\n`, /^game\.yaml:6:1: .*unique/],
    ['an empty file', '', /must be object/],
    ['two documents', `${minimal}---\n${minimal}`, /document/],
    ['an alias bomb', `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`, /alias/i],
    ['deep nesting', `${minimal}env: ${'['.repeat(20_000)}`, /nested deeper/],
    ['a huge file', `${minimal}# ${'x'.repeat(300_000)}`, /larger than 256 KiB/],
    ['a broken regex', `${minimal}ready: { regex: '(' }\n`, /:6:17: ready\.regex: .*[Ii]nvalid/],
    ['a regex that never ends', `${minimal}events: { join: '^(?<player>(\\w+)+)$' }\n`, /events\.join: .*repeat/],
    ['a regex without its group', `${minimal}events: { chat: '^(?<player>x)$' }\n`, /\(\?<text>…\)/],
    ['command and signal at once', minimal.replace('{ signal', '{ command: quit, signal'), /exactly one of "command" and "signal"/],
    ['a command for a game without console', minimal.replace('{ signal: SIGINT', '{ command: quit'), /cannot be told a command/],
    ['econ without port', minimal.replace('input: none', 'input: econ'), /"port" is missing/],
    ['a say command without text', minimal.replace('input: none', 'input: stdin, say: hello'), /needs the placeholder \{text\}/],
    ['a file outside', `${minimal}files: [{ path: ../x, kind: whole, content: x }]\n`, /relative path/],
    ['a whole file without content', `${minimal}files: [{ path: x, kind: whole }]\n`, /needs "content"/],
    ['an ini value without section', `${minimal}files: [{ path: x, kind: ini, set: { a: b } }]\n`, /files\[0\]\.set\.a: must be an object/],
    ['a default that does not fit', `${minimal}variables: { n: { type: integer, default: 9, max: 8 } }\n`, /variables\.n\.default: must be at most 8/],
    ['a key that means nothing for a type', `${minimal}variables: { n: { type: boolean, pattern: x } }\n`, /means nothing for type "boolean"/],
    ['args and shell at once', `${minimal}args: [a]\nshell: b\n`, /exclude each other/],
    ['a bad name of a port', `${minimal}ports: { Game: { protocol: tcp } }\n`, /"Game" cannot be a name/],
    ['health without what its check needs', `${minimal}health: { check: tcp }\n`, /"port" is missing/],
    ['__proto__ as a key of a file', `${minimal}files: [{ path: x, kind: json, set: { a: { __proto__: { b: 1 } } } }]\n`, /cannot be a key/],
  ]
  for (const [title, text, message] of refused) {
    it(`refuses ${title}`, () => {
      const error = failure(text)
      expect(error.code).to.equal('invalid_template')
      expect(error.message).to.match(message)
    })
  }

  it('names no more than ten problems', () => {
    const unknown = Array.from({ length: 30 }, (_, i) => `zz${i}zz: 1\n`).join('')
    const lines = failure(minimal + unknown).message.split('\n')
    expect(lines).to.have.length(11)
    expect(lines[10]).to.equal('game.yaml: and 20 more')
  })
})

describe('checkTemplate', () => {
  it('accepts what parseTemplate gave, sent as JSON', () => {
    const template = parseTemplate(minimal, 'game.yaml')
    expect(checkTemplate(JSON.parse(JSON.stringify(template)), 'the master')).to.deep.equal(template)
  })

  it('refuses anything else with the source and the path in the message', () => {
    expect(() => checkTemplate(null, 'the master')).to.throw(ClusterError, 'the master: must be object')
    expect(() => checkTemplate({ id: 'X' }, 'the master')).to.throw(ClusterError, 'the master: id: must match pattern')
  })
})
