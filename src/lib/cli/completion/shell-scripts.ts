/**
 * What a shell is told once: to ask `wsmesh completion --complete` at each Tab. So it knows the
 * flags of the wsmesh that is installed, and the contexts and nodes of now.
 */
export type Shell = 'bash' | 'fish' | 'zsh'

export const SHELLS: readonly Shell[] = ['bash', 'fish', 'zsh']

export function shellScript(shell: Shell, bin: string): string {
  return SCRIPTS[shell].replaceAll('wsmesh', bin)
}

/** The shell that somebody uses, by the path in $SHELL. */
export function shellOf(path: string | undefined): Shell | undefined {
  return SHELLS.find((shell) => path?.endsWith(`/${shell}`))
}

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# wsmesh completion for bash. Now:       source <(wsmesh completion bash)
# For good: wsmesh completion bash > ~/.local/share/bash-completion/completions/wsmesh
_wsmesh() {
  local line
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do
    COMPREPLY+=("$line")
  done < <(wsmesh completion --complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _wsmesh wsmesh
`,
  zsh: `#compdef wsmesh
# wsmesh completion for zsh. Now:       source <(wsmesh completion zsh)
# For good: wsmesh completion zsh > a file _wsmesh in a folder of $fpath
_wsmesh() {
  local -a found
  local line value about
  while IFS=$'\\t' read -r value about; do
    found+=("\${value//:/\\\\:}:$about")
  done < <(wsmesh completion --complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe 'wsmesh' found; else _files; fi
}
if [ "$funcstack[1]" = "_wsmesh" ]; then _wsmesh "$@"; else compdef _wsmesh wsmesh; fi
`,
  fish: `# wsmesh completion for fish. Now:       wsmesh completion fish | source
# For good: wsmesh completion fish > ~/.config/fish/completions/wsmesh.fish
function __wsmesh_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (wsmesh completion --complete -- $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c wsmesh -f -a '(__wsmesh_complete)'
`,
}
