/** `auction completion bash|zsh|fish`: the script that teaches a shell's Tab this program's words. */
import type { Command } from '../command.ts'
import { oneOf } from '../input.ts'

const shells = ['bash', 'zsh', 'fish'] as const

export const command: Command = {
  chooses: 'nothing',
  words: '<shell>',
  choices: shells,
  examples: [
    'completion bash > ~/.local/share/bash-completion/completions/auction',
    'completion fish > ~/.config/fish/completions/auction.fish',
  ],
  notes: `bash: put  source <(auction completion bash)  into ~/.bashrc.
zsh:  auction completion zsh > ~/.zfunc/_auction, with  fpath+=~/.zfunc  before compinit in ~/.zshrc.
fish: auction completion fish > ~/.config/fish/completions/auction.fish
It names commands and flags; it asks no house.`,
  run: async ({ io }, { words }) => {
    const shell = oneOf(shells, 'completion', words[0] ?? '')
    const { scriptFor } = await import('../completion.ts')
    io.out(scriptFor(shell))
    return 0
  },
}
