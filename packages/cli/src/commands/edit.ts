/** `auction edit <id>`: changes a good of one's own, or adds a dated note to its description. */
import type { Command } from '../command.ts'
import { readText } from '../files.ts'
import { explained, tellGood } from '../good-line.ts'
import { parseId, usage } from '../input.ts'
import { lookFirst } from '../keyed.ts'
import { readTerms, termOptions } from '../sale-terms.ts'
import { standingLine } from '../wording.ts'

export const command: Command = {
  words: '<id>',
  options: [
    ['--name <name>', 'what it is called'],
    ...termOptions,
    ['--public', 'take the password of its room away'],
    ['--note <text>', 'add a dated note; @FILE reads a file, - reads stdin'],
  ],
  examples: [
    'edit 42 --name "Leica M3 (1955)" --start 350',
    'edit 42 --reserve none',
    'edit 42 --note "The shutter was serviced in 2023."',
  ],
  notes: `--reserve, --buy-now and --capacity take "none". Before the first bid everything may change; after it: notes, a
later end, a reserve lowered to the price or less, and who may come into the room. Everyone sees what changed.`,
  run: async (context, input) => {
    const id = parseId(input.words[0] ?? '')
    const [name, text] = [input.option('name'), input.option('note')]
    const [locks, opens] = [input.flag('passwordStdin'), input.flag('public')]
    if (locks && opens) throw usage('Either --password-stdin or --public, not both.')
    if (text === '-' && (locks || input.option('description') === '-'))
      throw usage('Only one of them can read stdin.', 'Give the note with @FILE.')
    const client = await context.client()
    const edit = {
      ...(name !== undefined && { name }),
      ...(await readTerms(context, client, input, true)),
      ...(opens && { password: null }),
      ...(text !== undefined && { note: await readText(text, context.io.stdin) }),
    }
    if (Object.keys(edit).length === 0) throw usage('Say what to change.', 'See: auction edit --help')
    const view = await explained(id, () =>
      client.call('editGood', { params: { id }, body: edit, key: crypto.randomUUID() }),
    ).catch((error: unknown) => Promise.reject(lookFirst(error, `auction show ${id}`)))
    const end = `ends ${context.output.when(view.endsAt)}`
    return tellGood(context, `Good ${id}, ${view.name}, is changed: ${standingLine(view)}, ${end}.`, view)
  },
}
