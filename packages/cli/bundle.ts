/** `npm run build`, after the compiler: what the compiler wrote, with its libraries, in few files that start fast (docs/decisions/0022). */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, join, relative } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { VERSION } from '@auction/common/version'
import { build, type Plugin } from 'esbuild'

const dist = join(import.meta.dirname, 'dist')
/** As deep as dist/demo and dist/screen, since files find `../../assets` from where they are. */
const bundle = join(dist, 'bundle')
const stampPath = join(bundle, 'stamp.json')
/** The one part that is not named by what is in it, but for the keyring's child. */
const main = 'bundle/main.js'
/** Programs that are running still load parts of the bundle before; they have a day. */
const KEPT_MS = 24 * 60 * 60 * 1000
/** What changes whenever the compiler, npm or a change of this file would make another bundle. */
const sources = [
  '.tsbuildinfo',
  '../../common/dist/.tsbuildinfo',
  '../../../node_modules/.package-lock.json',
  '../bundle.ts',
]

/**
 * Node's own modules by `getBuiltinModule`: an ESM `import` of one reads all its properties, and that loads half of Node (fetch with
 * `node:http`). One copy for each importer, as shared ones would each become a file.
 */
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    const names = new Set(builtinModules)
    onResolve({ filter: /^[a-z]/ }, ({ path, kind, importer }) => {
      if (kind === 'dynamic-import') return null
      const name = path.replace(/^node:/, '')
      return name === path && !names.has(name) ? null : { path: name, suffix: `?${importer}`, namespace: 'builtin' }
    })
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}')`,
    }))
  },
}

/** Zod's messages in fifty languages, of which we show none. */
const oneLanguage: Plugin = {
  name: 'one-language',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ importer }) =>
      importer.includes('/node_modules/zod/') ? { path: 'none', namespace: 'locales' } : null,
    )
    onLoad({ filter: /./, namespace: 'locales' }, () => ({ contents: 'export {}' }))
  },
}

/** A file's state, as the launcher compares it (src/start.ts); null for a file that is not there. */
function stateOf(path: string): readonly [mtimeMs: number, size: number] | null {
  const about = statSync(join(dist, path), { throwIfNoEntry: false })
  return about ? [about.mtimeMs, about.size] : null
}

/** Whether the bundle that is there is of this build. */
function isCurrent(): boolean {
  try {
    const stamp = JSON.parse(readFileSync(stampPath, 'utf8'))
    return isDeepStrictEqual(stamp.of, { ...of, [main]: stateOf(main) })
  } catch {
    return false
  }
}

/** Writes a file whole or not at all; its state, whoever else writes it meanwhile. */
function write(path: string, contents: string | Uint8Array): ReturnType<typeof stateOf> {
  const draft = `${path}.${process.pid}`
  writeFileSync(join(dist, draft), contents)
  const state = stateOf(draft)
  renameSync(join(dist, draft), join(dist, path))
  return state
}

// Before anything is read: a source that changes meanwhile makes the bundle one of another build, which is not run.
const of = Object.fromEntries(sources.map((path) => [path, stateOf(path)]))
if (!isCurrent()) await make()

async function make(): Promise<void> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: ['dist/main.js', 'dist/keyring-child.js'],
    // The child is forked by its name, from beside whoever forks it.
    entryNames: '[name]',
    outdir: bundle,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    define: { 'process.env.NODE_ENV': '"production"' },
    logOverride: { 'assign-to-define': 'silent' },
    // Another package; native; with a .wasm beside it; in CommonJS; never there.
    external: ['@auction/server', '@napi-rs/keyring', 'jq-wasm', 'yaml', 'react-devtools-core'],
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    plugins: [builtins, oneLanguage],
  })
  // Imported lazily, a CommonJS module has its names in Node, and `default` alone in a bundle.
  const nameless = Object.values(metafile.outputs).flatMap(({ entryPoint = '' }) =>
    metafile.inputs[entryPoint]?.format === 'cjs' ? [entryPoint] : [],
  )
  if (nameless.length > 0) throw new Error(`Must be external, as CommonJS that is imported lazily: ${nameless}`)
  mkdirSync(bundle, { recursive: true })
  const states = outputFiles.map(({ path, contents }) => [relative(dist, path), write(relative(dist, path), contents)])
  // Of two builds at once the slower may write its part last: the stamp is of the very file that was written for it.
  write(
    'bundle/stamp.json',
    JSON.stringify({ version: VERSION, of: { ...of, [main]: Object.fromEntries(states)[main] } }),
  )
  const made = new Set(['stamp.json', ...outputFiles.map(({ path }) => basename(path))])
  for (const name of readdirSync(bundle)) {
    const path = join(bundle, name)
    // Compiled code that V8 kept is of the bundle before.
    if (name === 'cache' || (!made.has(name) && Date.now() - statSync(path).mtimeMs > KEPT_MS))
      rmSync(path, { recursive: true, force: true })
  }
}
