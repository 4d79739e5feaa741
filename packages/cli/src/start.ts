/** Where the program begins: the bundle, while it is of this very build, else the files that the compiler wrote (docs/decisions/0022). */
const oldest = 24
if (Number.parseInt(process.versions.node, 10) < oldest) {
  process.stderr.write(`error: This is Node ${process.versions.node}; auction needs Node ${oldest} or newer.\n`)
  process.stderr.write('hint: Run `npm ci` where auction lies: it brings its own.\n')
  process.exit(1)
}
const { readFileSync, statSync, writeSync } = process.getBuiltinModule('node:fs')

/** What bundle.ts wrote: the state of all that the bundle was made of. */
interface Stamp {
  readonly version: string
  readonly of: Readonly<Record<string, readonly [mtimeMs: number, size: number] | null>>
}

const here = import.meta.dirname

/** The stamp of a bundle that is of this build; null where there is none. */
function currentBundle(): Stamp | null {
  try {
    const stamp = JSON.parse(readFileSync(`${here}/bundle/stamp.json`, 'utf8')) as Stamp
    return Object.entries(stamp.of).every(([path, state]) => isAt(path, state)) ? stamp : null
  } catch {
    return null
  }
}

function isAt(path: string, state: Stamp['of'][string]): boolean {
  const about = statSync(`${here}/${path}`, { throwIfNoEntry: false })
  return about ? about.mtimeMs === state?.[0] && about.size === state[1] : state === null
}

/** `auction --version` and nothing else, in the time that Node itself takes; false when it must go the long way. */
function toldVersion({ version }: Stamp): boolean {
  if (process.argv.length !== 3 || process.argv[2] !== '--version') return false
  try {
    writeSync(1, `${version}\n`)
    return true
  } catch {
    return false
  }
}

const bundle = currentBundle()
if (bundle === null || !toldVersion(bundle)) {
  // Traces then name the lines of the source.
  if (process.argv.includes('--debug')) process.setSourceMapsEnabled(true)
  // Kept with the code it was made from, by whoever may write there; silent where that fails.
  if (bundle !== null) process.getBuiltinModule('node:module').enableCompileCache(`${here}/bundle/cache`)
  const program: string = bundle === null ? './main.js' : './bundle/main.js'
  await import(program)
}
