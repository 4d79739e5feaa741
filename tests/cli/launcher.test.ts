/** The launcher: it runs the bundle while that is of this very build, else what the compiler wrote. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { VERSION } from '../../packages/common/src/version.ts'
import { environment } from '../support/program.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
/** A copy of the project as it is built, and a copy of that for each test, whose code may be changed and built. */
let built: string
let copy: string
const at = (path: string): string => join(copy, path)

const compile = () => execFileSync(at('node_modules/.bin/tsc'), ['-b', 'packages/cli'], { cwd: copy })
const bundle = () => execFileSync(process.execPath, [at('packages/cli/bundle.ts')], { cwd: copy })
const auction = (...words: string[]): string =>
  execFileSync(at('packages/cli/bin/auction'), words, { env: environment(at('home')), encoding: 'utf8' })

/** Writes something else into a file. */
function change(path: string, from: string, to: string): void {
  const text = readFileSync(at(path), 'utf8')
  expect(text).toContain(from)
  writeFileSync(at(path), text.replace(from, to))
}

const BUNDLED = 'from the bundle\n'
/** Makes the bundle, and nothing else, say that it runs. */
const MAIN = 'packages/cli/dist/bundle/main.js'
const mark = () => {
  change(MAIN, '// dist/main.js', `process.stdout.write('from the bundle\\n')`)
  const stamp = JSON.parse(readFileSync(at('packages/cli/dist/bundle/stamp.json'), 'utf8'))
  const { mtimeMs, size } = statSync(at(MAIN))
  stamp.of['bundle/main.js'] = [mtimeMs, size]
  writeFileSync(at('packages/cli/dist/bundle/stamp.json'), JSON.stringify(stamp))
}

/** What npm installed, but that the packages of the project are those of the copy. */
function install(): void {
  mkdirSync(at('node_modules/@auction'), { recursive: true })
  for (const name of readdirSync(join(project, 'node_modules')))
    if (!/^(@auction|\.package-lock\.json)$/.test(name))
      symlinkSync(join(project, 'node_modules', name), at(`node_modules/${name}`))
  writeFileSync(at('node_modules/.package-lock.json'), '{}')
  for (const name of ['common', 'cli']) symlinkSync(`../../packages/${name}`, at(`node_modules/@auction/${name}`))
}

beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'auction-launcher-'))
  copy = join(built, 'built')
  install()
  cpSync(join(project, 'tsconfig.base.json'), at('tsconfig.base.json'))
  const filter = (path: string) => !path.endsWith('/dist/bundle')
  for (const name of ['common', 'cli'])
    cpSync(join(project, 'packages', name), at(`packages/${name}`), { recursive: true, filter })
  compile()
  bundle()
})
afterAll(() => rmSync(built, { recursive: true, force: true }))
beforeEach(() => {
  copy = mkdtempSync(join(built, 'copy-'))
  // With their times, which Node's own copy rounds.
  execFileSync('cp', ['-a', `${join(built, 'built')}/.`, copy])
})
afterEach(() => rmSync(copy, { recursive: true, force: true }))

describe('with a bundle', () => {
  beforeEach(mark)

  it('runs it', () => {
    expect(auction('version')).toBe(`${BUNDLED}${VERSION}\n`)
  })
  it('does not make it again while nothing has changed', () => {
    compile()
    bundle()
    expect(auction('version')).toContain(BUNDLED)
  })
  it('runs what the compiler wrote after it, of the program', () => {
    change('packages/cli/src/commands/version.ts', 'values: [VERSION]', `values: ['newer']`)
    compile()
    expect(auction('version')).toBe('newer\n')
  })
  it('runs what the compiler wrote after it, of the rules that it shares with the house', () => {
    change('packages/common/src/version.ts', `'${VERSION}'`, `'99.0.0'`)
    compile()
    expect(auction('--version')).toBe('99.0.0\n')
    expect(auction('version')).toBe('99.0.0\n')
  })
  it('does not run the part of another build that ended at the same time', () => {
    appendFileSync(at(MAIN), '\n')
    expect(auction('version')).not.toContain(BUNDLED)
  })
  it('runs what npm installed after it', () => {
    appendFileSync(at('node_modules/.package-lock.json'), '\n')
    expect(auction('version')).toBe(`${VERSION}\n`)
  })
  it('runs a new one, once it is made', () => {
    change('packages/cli/src/commands/version.ts', 'values: [VERSION]', `values: ['newer']`)
    compile()
    bundle()
    mark()
    expect(auction('version')).toBe(`${BUNDLED}newer\n`)
  })
  it('says no version that is not of this build', () => {
    change('packages/cli/dist/bundle/stamp.json', `"version":"${VERSION}"`, '"version":"9.9.9"')
    expect(auction('--version')).toBe('9.9.9\n')
    appendFileSync(at('packages/common/dist/.tsbuildinfo'), '\n')
    expect(auction('--version')).toBe(`${VERSION}\n`)
  })
  it('runs what the compiler wrote where the stamp of the bundle is damaged', () => {
    writeFileSync(at('packages/cli/dist/bundle/stamp.json'), '{"version"')
    expect(auction('version')).toBe(`${VERSION}\n`)
  })
})

describe('on a Node that is too old', () => {
  it('says so, and no more', () => {
    const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.20.2'}})`
    const args = ['--import', old, at('packages/cli/dist/start.js'), 'list']
    expect(spawnSync(process.execPath, args, { encoding: 'utf8' })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: This is Node 20\.20\.2; .*\nhint: .*npm ci.*\n$/),
    })
  })
})

describe('without a bundle', () => {
  beforeEach(() => rmSync(at('packages/cli/dist/bundle'), { recursive: true }))

  it('runs what the compiler wrote', () => {
    expect(auction('version')).toBe(`${VERSION}\n`)
    expect(auction('--version')).toBe(`${VERSION}\n`)
  })
  it('starts wherever it is called from, and through a link', () => {
    symlinkSync(at('packages/cli/bin/auction'), at('link'))
    expect(execFileSync(at('link'), ['--version'], { cwd: '/', encoding: 'utf8' })).toBe(`${VERSION}\n`)
    expect(execFileSync('sh', ['auction', '--version'], { cwd: at('packages/cli/bin'), encoding: 'utf8' })).toBe(
      `${VERSION}\n`,
    )
  })
})
