import { expect } from 'chai'
import { mkdir, readdir, readFile, stat, symlink, writeFile, chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { applyFiles } from './apply-files.ts'
import type { RenderedFile } from './render.ts'
import type { FileValues } from './schema-files.ts'

describe('applyFiles', () => {
  let base: string
  let root: string

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'corral-files-'))
    root = join(base, 'data')
    await mkdir(root)
  })
  afterEach(() => rm(base, { recursive: true, force: true }))

  const whole = (path: string, content = 'new', once = false): RenderedFile => ({ path, kind: 'whole', once, content })
  const edit = async (kind: 'properties' | 'ini' | 'json' | 'yaml', before: string | undefined, set: FileValues): Promise<string> => {
    if (before !== undefined) await writeFile(join(root, 'f'), before)
    await applyFiles([{ path: 'f', kind, once: false, set }], root)
    return readFile(join(root, 'f'), 'utf8')
  }

  it('writes a file and its folders, for its owner only', async () => {
    await applyFiles([whole('a/b/c.cfg', 'x = 1\n')], root)
    expect(await readFile(join(root, 'a/b/c.cfg'), 'utf8')).to.equal('x = 1\n')
    expect((await stat(join(root, 'a/b/c.cfg'))).mode & 0o777).to.equal(0o600)
    expect(await readdir(join(root, 'a/b'))).to.deep.equal(['c.cfg'])
  })

  it('keeps the mode of a file that is there', async () => {
    await writeFile(join(root, 'f'), 'old')
    await chmod(join(root, 'f'), 0o640)
    await applyFiles([whole('f')], root)
    expect((await stat(join(root, 'f'))).mode & 0o777).to.equal(0o640)
  })

  it('leaves a file alone that is to be written once', async () => {
    await applyFiles([whole('f', 'first', true)], root)
    await applyFiles([whole('f', 'second', true)], root)
    expect(await readFile(join(root, 'f'), 'utf8')).to.equal('first')
  })

  it('makes directories', async () => {
    await applyFiles([{ path: 'saves/old', kind: 'directory' }], root)
    expect((await stat(join(root, 'saves/old'))).isDirectory()).to.equal(true)
  })

  describe('stays inside', () => {
    beforeEach(async () => {
      await mkdir(join(base, 'other'))
      await writeFile(join(base, 'other/secret'), 'old')
    })

    for (const path of ['../x', '/etc/x', 'a/../../x', 'a\0b']) {
      it(`and refuses the path ${JSON.stringify(path)}`, async () => {
        expect((await failureOf(applyFiles([whole(path)], root))).code).to.equal('invalid_config')
        expect(await readdir(base)).to.have.members(['data', 'other'])
      })
    }

    it('and refuses a linked folder that leads out', async () => {
      await symlink('../other', join(root, 'link'))
      expect((await failureOf(applyFiles([whole('link/sub/x')], root))).code).to.equal('invalid_config')
      expect((await failureOf(applyFiles([whole('link/secret')], root))).code).to.equal('invalid_config')
      expect((await failureOf(applyFiles([{ path: 'link/made', kind: 'directory' }], root))).code).to.equal('invalid_config')
      expect(await readdir(join(base, 'other'))).to.deep.equal(['secret'])
    })

    it('and refuses a linked file that leads out', async () => {
      await symlink(join(base, 'other/secret'), join(root, 'f'))
      expect((await failureOf(applyFiles([whole('f')], root))).code).to.equal('invalid_config')
      expect(await readFile(join(base, 'other/secret'), 'utf8')).to.equal('old')
    })

    it('and refuses a link that leads nowhere', async () => {
      await symlink(join(base, 'other/new'), join(root, 'f'))
      expect((await failureOf(applyFiles([whole('f')], root))).code).to.equal('invalid_config')
      expect(await readdir(join(base, 'other'))).to.deep.equal(['secret'])
    })

    it('and follows a link that stays inside', async () => {
      await mkdir(join(root, 'real'))
      await symlink('real', join(root, 'link'))
      await applyFiles([whole('link/x')], root)
      expect(await readFile(join(root, 'real/x'), 'utf8')).to.equal('new')
    })
  })

  it('refuses a directory in place of a file', async () => {
    await mkdir(join(root, 'f'))
    expect((await failureOf(applyFiles([whole('f')], root))).code).to.equal('invalid_config')
  })

  it('edits key=value lines and keeps comments, order and style', async () => {
    const text = await edit('properties', '# mine\nmotd=old\nport = 1\nmotd=again\n\nother=x\n', { motd: 'new = #1', port: 2, added: true })
    expect(text).to.equal('# mine\nmotd=new = #1\nport = 2\n\nother=x\nadded=true\n')
  })

  it('keeps the line ends of a file and takes no longer key for a shorter one', async () => {
    expect(await edit('properties', 'port2=5\r\nport=1\r\n', { port: 2 })).to.equal('port2=5\r\nport=2\r\n')
  })

  it('refuses a line end in a line', async () => {
    const error = await failureOf(edit('properties', undefined, { motd: 'a\nop=me' }))
    expect(error.code).to.equal('invalid_config')
    expect(await readdir(root)).to.deep.equal([])
  })

  it('edits sections of an ini file and adds what is missing', async () => {
    const text = await edit('ini', '; mine\n[net]\nport = 1\n\n[gui]\nport = 9\n', { net: { port: 2, name: '"x"' }, game: { seed: 7 } })
    expect(text).to.equal('; mine\n[net]\nport = 2\nname="x"\n\n[gui]\nport = 9\n[game]\nseed=7\n')
  })

  it('merges into JSON', async () => {
    const text = await edit('json', '{"a": {"b": 1, "c": [1]}, "z": null}', { a: { b: '2', c: [2], d: { e: true } } })
    expect(JSON.parse(text)).to.deep.equal({ a: { b: '2', c: [2], d: { e: true } }, z: null })
    expect(Object.keys(JSON.parse(text) as object)).to.deep.equal(['a', 'z'])
  })

  it('merges into YAML and keeps comments', async () => {
    const text = await edit('yaml', '# mine\na:\n  b: 1 # why\n  c: 2\n', { a: { b: 5 }, d: { e: ['x'] } })
    expect(text).to.equal('# mine\na:\n  b: 5 # why\n  c: 2\nd:\n  e:\n    - x\n')
    expect(await edit('yaml', '', { a: 1 })).to.equal('a: 1\n')
  })

  it('refuses to edit a broken file and leaves it as it is', async () => {
    for (const [kind, before] of [['json', '{"a":'], ['json', '[1]'], ['yaml', 'a: [1'], ['yaml', '- 1']] as const) {
      const error = await failureOf(edit(kind, before, { a: 1 }))
      expect(error.code).to.equal('invalid_config')
      expect(error.message).to.match(/^f of the game/)
      expect(await readFile(join(root, 'f'), 'utf8')).to.equal(before)
    }
  })
})
