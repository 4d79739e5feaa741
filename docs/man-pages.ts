/** The manual pages, section 1, from the command table: one of the program, one of each command. */
import { VERSION } from '@auction/common/version'
import type { Command } from '../packages/cli/src/command.ts'
import { globalFlags, table } from '../packages/cli/src/command-table.ts'
import { exitCodes, variables } from '../packages/cli/src/topics.ts'

/** Text as roff prints it letter by letter. */
const plain = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')

/** Paragraphs kept in lines as they were written. */
const lines = (text: string): string => `.nf\n${plain(text)}\n.fi\n`
const section = (title: string, body: string): string => (body === '' ? '' : `.SH ${title}\n${body}`)
const entry = (term: string, meaning: string): string => `.TP\n\\fB${plain(term)}\\fR\n${plain(meaning)}\n`
const example = (line: string): string => `.PP\n.nf\n$ auction ${plain(line)}\n.fi\n`
const page = (name: string): string => `auction${name === '' ? '' : `-${name.replaceAll(' ', '-')}`}`

const head = (name: string, summary: string): string =>
  `.\\" Written by \`npm run docs\` from the code.
.TH "${page(name).toUpperCase()}" "1" "" "auction ${VERSION}" "Auction"
.SH NAME
${plain(page(name))} \\- ${plain(summary.charAt(0).toLowerCase() + summary.slice(1))}
`

function commandPage(name: string, summary: string, command: Command): string {
  const usage = `\\fBauction ${plain(name)}\\fR [\\fIflags\\fR]${command.words === undefined ? '' : ` ${plain(command.words)}`}\n`
  return [
    head(name, summary),
    section('SYNOPSIS', usage),
    section('EXAMPLES', command.examples.map(example).join('')),
    section('OPTIONS', (command.options ?? []).map(([flags, meaning]) => entry(flags, meaning)).join('')),
    section('NOTES', command.notes === undefined ? '' : lines(command.notes)),
    section('SEE ALSO', '.BR auction (1)\nfor the flags of every command, the environment and exit codes.\n'),
  ].join('')
}

function programPage(): string {
  const commands = table.flatMap(([name, summary, load]) =>
    load ? [entry(page(name).replace('-', ' '), summary)] : [],
  )
  return [
    head('', 'a live auction house in the shell'),
    section('SYNOPSIS', '\\fBauction\\fR \\fIcommand\\fR [\\fIflags\\fR]\n'),
    section(
      'DESCRIPTION',
      `${plain('Bid, sell, watch and run a house. Each command has a page of its own, as auction-bid(1).')}\n`,
    ),
    section('COMMANDS', commands.join('')),
    section('FLAGS OF EVERY COMMAND', globalFlags.map(([flags, meaning]) => entry(flags, meaning)).join('')),
    section('ENVIRONMENT', variables.map(([name, meaning]) => entry(name, meaning)).join('')),
    section(
      'EXIT STATUS',
      exitCodes()
        .map(([code, meaning]) => entry(String(code), meaning))
        .join(''),
    ),
  ].join('')
}

/** Each page, by path from the root. */
export async function manPages(): Promise<readonly (readonly [path: string, text: string])[]> {
  const pages: [string, string][] = [['docs/man/auction.1', programPage()]]
  for (const [name, summary, load] of table)
    if (load) pages.push([`docs/man/${page(name)}.1`, commandPage(name, summary, (await load()).command)])
  return pages
}
