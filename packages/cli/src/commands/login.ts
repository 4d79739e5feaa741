/** `auction login [nick]`: takes a token from the house and keeps it. */
import type { Command } from '../command.ts'
import { keepLogin, readNick, readPassword } from '../sign-in.ts'

export const command: Command = {
  words: '[nick]',
  options: [['--password-stdin', 'take the password from the first line of stdin']],
  examples: ['login demo', 'login mila --password-stdin < password.txt'],
  notes:
    'The token goes into the keyring where there is one (AUCTION_KEYRING=off: never), else into auction/credentials.json under\nXDG_CONFIG_HOME, which only you may read. Other accounts stay logged in: auction auth switch. AUCTION_TOKEN beats them all.',
  run: async (context, input) => {
    // Whether a login can be kept at all is known before anything is asked or made.
    ;(await context.credentials()).read(context.globals.server)
    const nick = await readNick(context, input)
    const password = await readPassword(context, input, false)
    const login = await keepLogin(context, nick, password)
    const { user, expiresAt } = login
    const line = `Logged in at ${context.globals.server} as ${user.nick}.`
    context.output.done(line, {
      answer: login,
      id: user.id,
      values: [String(user.id), user.nick, user.role, expiresAt],
    })
    return 0
  },
}
