import { builtinModules } from 'node:module'
import { build, type Plugin } from 'esbuild'
import { fileURLToPath } from 'node:url'
const here = fileURLToPath(new URL('.', import.meta.url))
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    const names = new Set(builtinModules)
    onResolve({ filter: /^(node:)?[a-z_/0-9]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '')
      if (!names.has(name) && !path.startsWith('node:')) return null
      return { path: name, namespace: kind === 'require-call' ? 'required' : 'imported' }
    })
    onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('node:${path}')`, loader: 'js' }))
    onLoad({ filter: /./, namespace: 'imported' }, ({ path }) => {
      const keys = Object.keys(process.getBuiltinModule(`node:${path}`)!)
      return { contents: `const load = () => process.getBuiltinModule('node:${path}')
Object.defineProperties(exports, { __esModule: { value: true }, default: { get: load, enumerable: true },
${keys.filter(k=>k!=='default').map((k) => `  ${JSON.stringify(k)}: { get: () => load()[${JSON.stringify(k)}], enumerable: true },`).join('\n')}
})`, loader: 'js' }
    })
  },
}
const r = await build({
  absWorkingDir: here,
  entryPoints: ['dist/main.js', 'dist/keyring-child.js'],
  bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24',
  outdir: process.env.OUT ?? 'dist/b2', external: ['@auction/server', '@napi-rs/keyring', 'jq-wasm', 'react-devtools-core'],
  define: { 'process.env.NODE_ENV': '"production"' },
  minifyWhitespace: process.env.MIN==='1', minifySyntax: process.env.MIN==='1',
  sourcemap: process.env.MAP ? 'linked' : false,
  logLevel: 'info', plugins: [builtins], metafile: true,
})
