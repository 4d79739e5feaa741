/** `auction chat <id>`: what is said in a good's room; saying something, showing a picture, removing a line. */
import type { ChatLine } from '@auction/common/answers'
import type { Client } from '../client.ts'
import type { Command, Input } from '../command.ts'
import type { Context } from '../context.ts'
import { readPicture } from '../files.ts'
import { parseId, usage } from '../input.ts'
import { asTyped, givenKey, keyOption, printOf, sealed } from '../keyed.ts'
import { collect, limitOption, noteMore } from '../pages.ts'
import { once } from '../rerun.ts'
import { readRoomPassword, roomPasswordOption } from '../room-password.ts'
import type { Column } from '../table.ts'
import { spoken } from '../wording.ts'

export const command: Command = {
  words: '<id> [text]',
  options: [
    ['--image <file>', 'show a picture instead: JPEG, PNG, WebP or GIF, up to 5 MB'],
    ['--remove <line>', 'remove a line from the chat of a good you sell'],
    roomPasswordOption,
    limitOption,
    keyOption('a line'),
  ],
  examples: [
    'chat 1',
    'chat 1 "Is the strap original?"',
    'chat 1 --image strap.gif',
    'chat 6 --password-stdin < password.txt',
  ],
  notes: `A pipe gets: line, time, nick, text, picture, who removed it. Lines come oldest first, with --json newest first.
Exits with 14 when it is unknown whether it was said: run the same again, or the line it prints; it is said once.`,
  run: async (context, input) => {
    const [word = '', text] = input.words
    const [image, remove] = [input.option('image'), input.option('remove')]
    if ([text, image, remove].filter((each) => each !== undefined).length > 1)
      throw usage('A text, --image or --remove, one of them.')
    const key = givenKey(input)
    if (key !== null && text === undefined && image === undefined)
      throw usage('--idempotency-key goes with a text or --image.')
    const params = { id: parseId(word) }
    const lineId = remove === undefined ? null : parseId(remove, 'a line')
    const picture = image === undefined ? null : await readPicture(image)
    const client = await context.client()
    if (lineId !== null) return tell(context, await client.call('removeLine', { params: { ...params, lineId } }))
    const good = await client.call('good', { params })
    const roomPassword = await readRoomPassword(context, input, good, await context.me())
    if (text === undefined && picture === null) return read(context, input, client, params.id, roomPassword)
    const said = picture ? { form: formOf(picture) } : { body: { text } }
    const line = await once(context, {
      what: 'line',
      words: ['chat', sealed(context, params, text, picture && printOf(picture))],
      key,
      secret: true,
      prepare: async () => ({ call: { params, ...said }, line: asTyped(input, 'chat', command) }),
      send: (call) => client.call('say', { ...call, roomPassword }),
    })
    return tell(context, line)
  },
}

async function read(
  context: Context,
  input: Input,
  client: Client,
  id: number,
  roomPassword: string | undefined,
): Promise<number> {
  const lines = await collect(input, (query) => client.call('chat', { params: { id }, query, roomPassword }))
  await context.output.list(columns(context), lines.items.toReversed(), {
    answer: lines,
    id: (line) => line.id,
    empty: 'Nothing was said yet.',
  })
  noteMore(context, lines)
  return 0
}

function tell(context: Context, line: ChatLine): number {
  const values = columns(context).map((column) => column.value(line))
  context.output.done(spoken(line), { answer: line, id: line.id, values })
  return 0
}

function formOf({ bytes, name }: Awaited<ReturnType<typeof readPicture>>): FormData {
  const form = new FormData()
  form.set('image', new Blob([bytes]), name)
  return form
}

function columns({ output }: Context): readonly Column<ChatLine>[] {
  return [
    { title: 'line', value: (line) => String(line.id), right: true },
    { title: 'when', value: (line) => line.at, cell: (line) => output.when(line.at) },
    { title: 'who', value: (line) => line.author.nick, wide: true },
    { title: 'text', value: (line) => line.text ?? '', cell: shown, wide: true },
    { title: 'picture', value: (line) => line.picture ?? '', pipe: true },
    { title: 'removed by', value: (line) => line.removedBy?.nick ?? '', pipe: true },
  ]
}

function shown({ text, picture, removedBy }: ChatLine): string {
  if (removedBy) return `(removed by ${removedBy.nick})`
  return text ?? `(picture ${picture ?? ''})`
}
