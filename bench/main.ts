/** `npm run bench [-- part...]`: measures all parts or those named, and writes docs/reference/benchmarks.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { bids } from './bids.ts'
import { cold } from './cold.ts'
import { screen } from './screen.ts'
import type { Section } from './section.ts'

const parts: Record<string, () => Promise<Section>> = { bids, cold, screen }
const document = new URL('../docs/reference/benchmarks.md', import.meta.url)
const named = process.argv.slice(2)
const unknown = named.filter((name) => !(name in parts))
if (unknown.length > 0) {
  process.stderr.write(`There is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.\n`)
  process.exit(2)
}

const failed: string[] = []
for (const [name, measure] of Object.entries(parts)) {
  if (named.length > 0 && !named.includes(name)) continue
  const load = loadavg()[0] ?? 0
  const section = await measure()
  const on = `Measured on ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}; load average ${load.toFixed(1)} before.`
  process.stdout.write(`${section.text}\n\n${on}\n\n`)
  write(name, `${section.text}\n\n${on}`)
  failed.push(...section.failed)
}
for (const what of failed) process.stdout.write(`not as it should be: ${what}\n`)
process.exit(failed.length > 0 ? 1 : 0)

/** Puts a part's text in its place of the document; the other parts keep theirs. */
function write(name: string, text: string): void {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const old = readFileSync(document, 'utf8')
  const [from, to] = [old.indexOf(open), old.indexOf(close)]
  if (from < 0 || to < 0) throw new Error(`${document.pathname} has no place for ${name}`)
  writeFileSync(document, `${old.slice(0, from)}${open}\n${text}\n${old.slice(to)}`)
}
