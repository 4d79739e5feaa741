/** The command table, and the flags of every command. */
import type { Load } from './command.ts'

/** The house that is talked to when nobody says which. */
export const DEFAULT_SERVER = 'http://127.0.0.1:8010'

/** Every command: its words, what it does, where it is. Help shows them in this order. */
export const table: readonly (readonly [name: string, summary: string, load: Load | null])[] = [
  ['signup', 'Make an account and log in', () => import('./commands/signup.ts')],
  ['login', 'Log in', () => import('./commands/login.ts')],
  ['logout', 'Log out', () => import('./commands/logout.ts')],
  ['whoami', 'Say who is logged in', () => import('./commands/whoami.ts')],
  ['auth', 'Look at the login', null],
  ['auth status', 'Say whether the login works, and where it is kept', () => import('./commands/auth-status.ts')],
  ['auth token', 'Print the token in use', () => import('./commands/auth-token.ts')],
  ['list', 'List goods', () => import('./commands/list.ts')],
  ['show', 'Show one good', () => import('./commands/show.ts')],
  ['watch', 'Follow one good live', () => import('./commands/watch.ts')],
  ['chat', 'Read what is said about a good, or say something', () => import('./commands/chat.ts')],
  ['bid', 'Bid on a good', () => import('./commands/bid.ts')],
  ['bids', 'List your bids, or those of one good', () => import('./commands/bids.ts')],
  ['buy', 'Buy a good at once', () => import('./commands/buy.ts')],
  ['retract', 'Take a bid of yours back', () => import('./commands/retract.ts')],
  ['sell', 'List a good for sale, or all of a file', () => import('./commands/sell.ts')],
  ['edit', 'Change a good you sell, or add a note', () => import('./commands/edit.ts')],
  ['cancel', 'Cancel a good you sell', () => import('./commands/cancel.ts')],
  ['accept', 'Sell to the highest bidder now', () => import('./commands/accept.ts')],
  ['relist', 'List an unsold good again', () => import('./commands/relist.ts')],
  ['offer', 'Offer an unsold good to its highest bidder', () => import('./commands/offer.ts')],
  ['sales', 'List the goods you sell', () => import('./commands/sales.ts')],
  ['won', 'List the goods you won', () => import('./commands/won.ts')],
  ['wallet', 'Show your balance, and what is held for which good', () => import('./commands/wallet.ts')],
  ['wallet log', 'List every movement of your money', () => import('./commands/wallet-log.ts')],
  ['export', 'Write the public log of a sale, as lines or as a table', () => import('./commands/export.ts')],
  ['verify', 'Check a log: every hash, price, leader and winner again', () => import('./commands/verify.ts')],
  ['calendar', 'Put the ends of goods into a calendar', () => import('./commands/calendar.ts')],
  ['notifications', 'Follow what happens in the whole house', () => import('./commands/notifications.ts')],
  ['serve', 'Run a house', () => import('./commands/serve.ts')],
  ['demo', 'See a whole sale happen', () => import('./commands/demo.ts')],
  ['admin', 'Run the house: claim it, users, money, jobs', null],
  ['admin claim', 'Make your account the house, with the one-time code', () => import('./commands/admin-claim.ts')],
  ['admin users', 'List users', () => import('./commands/admin-users.ts')],
  ['admin deposit', 'Bring money in for a user', () => import('./commands/admin-deposit.ts')],
  ['admin withdraw', 'Pay money out to a user', () => import('./commands/admin-withdraw.ts')],
  ['admin cancel', 'Cancel a good or a bid, with a reason', () => import('./commands/admin-cancel.ts')],
  ['admin invite', 'Make a code with which one person may sign up', () => import('./commands/admin-invite.ts')],
  ['admin audit', 'Recompute the books from the log, and say what differs', () => import('./commands/admin-audit.ts')],
  ['admin jobs', 'List the alarms in the job store', () => import('./commands/admin-jobs.ts')],
  ['admin webhooks', 'List the programs that are told of every event', () => import('./commands/admin-webhooks.ts')],
  ['admin webhook-add', 'Tell a program of every event from now on', () => import('./commands/admin-webhook-add.ts')],
  ['admin webhook-remove', 'Tell a program nothing more', () => import('./commands/admin-webhook-remove.ts')],
  [
    'admin webhook-redeliver',
    'Tell a program once more, from any place in the log',
    () => import('./commands/admin-webhook-redeliver.ts'),
  ],
  ['completion', 'Print what completes words after Tab, for your shell', () => import('./commands/completion.ts')],
  ['api', 'Call the HTTP interface', () => import('./commands/api.ts')],
  ['version', 'Print the version', () => import('./commands/version.ts')],
  ['help', 'Show help for a command', null],
]

/** The flags of every command. */
export const globalFlags = [
  ['--server <url>', `the house to talk to (AUCTION_SERVER; ${DEFAULT_SERVER})`],
  ['--json', 'print one JSON document'],
  ['-q, --quiet', 'print ids only, or nothing'],
  ['-y, --yes', 'do not ask whether it is meant'],
  ['--no-input', 'never ask anything'],
  ['--no-color', 'no colours (NO_COLOR)'],
  ['--utc', 'times in UTC, in full'],
  ['--debug', 'say more about errors and calls, on stderr'],
] as const
