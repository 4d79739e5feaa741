// Completes package-lock.json where the registry at hand lacks the builds for other platforms of an optional dependency: npm then
// leaves them out, and `npm ci` refuses the lock. And writes down which packages want no node-gyp: npm forgets it, and `npm ci` would call for
// Python and Node's headers. Run after `npm install`: node .ci/complete-lock.mjs (docs/decisions/0010).
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'wasm32']
let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`
    if (lock.packages[nested] || lock.packages[`node_modules/${name}`]) continue
    const words = name.split('/').at(-1).split('-')
    const os = words.find((word) => systems.includes(word))
    const cpu = words.find((word) => processors.includes(word))
    if (!os || !cpu) continue
    const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : undefined
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(entry.dev && { dev: true }),
      ...(libc && os === 'linux' && { libc }),
      optional: true,
      os: [os],
    }
    added++
  }
}
for (const [path, entry] of Object.entries(lock.packages)) {
  const about = new URL(`../${path}/package.json`, import.meta.url)
  if (path === '' || entry.gypfile === false || !existsSync(about)) continue
  if (JSON.parse(readFileSync(about, 'utf8')).gypfile !== false) continue
  entry.gypfile = false
  added++
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
lock.packages = Object.fromEntries(sorted)
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} added`)
