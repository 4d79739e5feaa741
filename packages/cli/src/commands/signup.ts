/** `auction signup [nick]`: makes an account, logs in and keeps the token. */
import type { Command } from '../command.ts'
import { keepLogin, readNick, readPassword } from '../sign-in.ts'

export const command: Command = {
  words: '[nick]',
  options: [
    ['--password-stdin', 'take the password from the first line of stdin'],
    ['--invite <code>', 'the code of an invite, where the house asks for one'],
  ],
  examples: ['signup ines', 'signup tom --password-stdin < password.txt', 'signup eva --invite K7Q2-9XWM'],
  notes: 'A nick has 2 to 24 letters, digits, "_", "." or "-"; a password has 8 to 128 characters.',
  run: async (context, input) => {
    // Whether a login can be kept at all is known before anything is asked or made.
    ;(await context.credentials()).read(context.globals.server)
    const nick = await readNick(context, input)
    const password = await readPassword(context, input, true)
    const invite = input.option('invite')
    const body = { nick, password, ...(invite !== undefined && { invite }) }
    const user = await (await context.clientAs(null)).call('signUp', { body })
    const login = await keepLogin(context, nick, password)
    const line = `Signed up and logged in at ${context.globals.server} as ${user.nick}.`
    context.output.done(line, {
      answer: user,
      id: user.id,
      values: [String(user.id), user.nick, user.role, login.expiresAt],
    })
    return 0
  },
}
