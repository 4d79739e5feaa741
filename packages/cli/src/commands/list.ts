/** `auction list [words...]`: goods, filtered and sorted by the house. */
import { limits } from '@auction/common/requests'
import { goodColumns } from '../columns.ts'
import type { Command } from '../command.ts'
import { oneOf, usage } from '../input.ts'
import { collect, limitOption, noteMore } from '../pages.ts'

const statuses = ['live', 'ended', 'all', 'open', 'sold', 'unsold', 'bought', 'cancelled']
const sorts = ['ending', 'new', 'price', 'bids']

export const command: Command = {
  words: '[words...]',
  options: [
    ['--status <status>', 'live (usual), ended or all; or open, sold, unsold, bought, cancelled', statuses],
    ['--mine', 'only goods you sell'],
    ['--sort <order>', 'ending: soonest first (usual); new: newest; price: cheapest; bids: most', sorts],
    limitOption,
  ],
  examples: ['list', 'list leica --status all --sort price'],
  notes: 'A good fits that has all of the words in its name or description, in capitals or not.',
  run: async (context, input) => {
    const status = oneOf(statuses, '--status', input.option('status') ?? 'live')
    const sort = oneOf(sorts, '--sort', input.option('sort') ?? 'ending')
    const q = input.words.join(' ').trim()
    if (q.length > limits.searchLength)
      throw usage(`The words to look for have ${limits.searchLength} characters at most, together.`)
    const client = await context.client()
    const page = await collect(input, (bounds) => {
      const query = { status, sort, ...(q === '' ? {} : { q }), ...bounds }
      return input.flag('mine') ? client.call('mySales', { query }) : client.call('goods', { query })
    })
    const empty = q === '' && status === 'live' ? 'Nothing is for sale now.' : 'No good fits.'
    await context.output.list(goodColumns(context.output), page.items, { answer: page, id: (good) => good.id, empty })
    noteMore(context, page)
    return 0
  },
}
