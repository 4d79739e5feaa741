/** `auction edit <id>`: changes a good of one's own, or adds a dated note to its description. */
import type { Command } from '../command.ts'
import { readText } from '../files.ts'
import { explained, tellGood } from '../good-line.ts'
import { parseId, usage } from '../input.ts'
import { asTyped, givenKey, keyOption, sealed } from '../keyed.ts'
import { once } from '../rerun.ts'
import { readTerms, termOptions } from '../sale-terms.ts'
import { standingLine } from '../wording.ts'

export const command: Command = {
  words: '<id>',
  options: [
    ['--name <name>', 'what it is called'],
    ...termOptions,
    ['--public', 'take the password of its room away'],
    ['--note <text>', 'add a dated note; @FILE reads a file, - reads stdin'],
    keyOption('a change'),
  ],
  examples: [
    'edit 9 --name "Zorki 4 (1957), with case" --start 35',
    'edit 9 --reserve none',
    'edit 9 --note "The shutter was serviced in 2023."',
  ],
  notes: `--reserve, --buy-now and --capacity take "none". Before the first bid everything may change; after it: notes, a
later end, a reserve lowered to the price or less, and who may come into the room. Everyone sees what changed.
Exits with 14 when the outcome is unknown: run the same again, or the line it prints; it counts once.`,
  run: async (context, input) => {
    const [id, key] = [parseId(input.words[0] ?? ''), givenKey(input)]
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
      once(context, {
        what: 'change',
        words: ['edit', sealed(context, id, edit)],
        key,
        secret: true,
        prepare: async () => ({ call: { params: { id }, body: edit }, line: asTyped(input, 'edit', command) }),
        send: (call) => client.call('editGood', call),
      }),
    )
    const end = `ends ${context.output.when(view.endsAt)}`
    return tellGood(context, `Good ${id}, ${view.name}, is changed: ${standingLine(view)}, ${end}.`, view)
  },
}
