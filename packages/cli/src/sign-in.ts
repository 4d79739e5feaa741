/** What signing up and logging in share: nick and password, asked for or given; the token, kept. */
import type { Answer } from './client.ts'
import type { Input } from './command.ts'
import type { Context } from './context.ts'
import { usage } from './input.ts'

/** The nick given, or asked for. */
export async function readNick(context: Context, { words, flag }: Input): Promise<string> {
  const [nick] = words
  if (nick !== undefined) return nick
  if (flag('passwordStdin')) throw usage('--password-stdin needs the nick as an argument.')
  return (await context.prompts(usage('There is no terminal to ask for the nick on.', 'Give it as an argument.'))).text(
    'Nick',
  )
}

/** The password from stdin with --password-stdin, else asked for; a new one twice. Never an argument. */
export async function readPassword(context: Context, { flag }: Input, twice: boolean): Promise<string> {
  if (flag('passwordStdin')) return (await import('./prompts.ts')).readSecretLine(context.io.stdin)
  const prompts = await context.prompts(
    usage('There is no terminal to ask for the password on.', 'Give it on stdin: --password-stdin < FILE'),
  )
  const password = await prompts.password('Password')
  if (twice && (await prompts.password('Password, again')) !== password) throw usage('The two passwords differ.')
  return password
}

/** Logs in and keeps the token for this server. */
export async function keepLogin(context: Context, nick: string, password: string): Promise<Answer<'logIn'>> {
  const login = await (await context.clientAs(null)).call('logIn', { body: { nick, password } })
  const { token, expiresAt, user } = login
  await (await context.credentials()).write(context.globals.server, { token, nick: user.nick, expiresAt })
  if (context.io.env.AUCTION_TOKEN) context.output.note('AUCTION_TOKEN is set and still beats this login.')
  return login
}
