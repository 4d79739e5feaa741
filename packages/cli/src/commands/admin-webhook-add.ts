/** `auction admin webhook-add URL`: posts every event from now on to a URL. */
import type { Command } from '../command.ts'
import { parseId } from '../input.ts'

export const command: Command = {
  words: '<url>',
  options: [
    ['--good <id>', 'the events of this good alone'],
    ['--from-start', 'also what happened before'],
  ],
  examples: ['admin webhook-add https://shop.example/auction', 'admin webhook-add http://127.0.0.1:9000/bids --good 3'],
  notes: `Prints the secret that signs every post; the house shows it this once. The header Auction-Signature is
t=SECONDS,v1=HEX, where HEX is the HMAC-SHA256 of SECONDS.BODY under the secret. Answer 2xx once the events are
kept; drop those you have by (goodId, seq).`,
  run: async (context, { words, option, flag }) => {
    const [url = ''] = words
    const good = option('good')
    const body = { url, ...(good !== undefined && { goodId: parseId(good) }), ...(flag('fromStart') && { since: 0 }) }
    const answer = await (await context.client()).call('addWebhook', { body })
    const { id, secret, goodId } = answer
    const what = goodId === null ? 'everything' : `good ${goodId}`
    const sentence = `Webhook ${id} posts ${what} to ${answer.url}. Its secret, shown this once: ${secret}`
    context.output.done(sentence, { answer, id, values: [String(id), secret] })
    return 0
  },
}
