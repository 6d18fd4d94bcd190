/** Completion scripts. Each asks the program that is being typed, so that it fits whatever version that is. */
export const completionScripts = {
  bash: `# bash completion for tunnel: eval "$(tunnel completion bash)"
_tunnel() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _tunnel tunnel
`,
  zsh: `#compdef tunnel
# zsh completion for tunnel: eval "$(tunnel completion zsh)"
_tunnel() {
  local -a found
  found=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then compadd -a found; else _files; fi
}
# Loaded from fpath this file is the function, and its first call is a completion already.
if [[ "\${funcstack[1]}" == _tunnel ]]; then _tunnel "$@"; else compdef _tunnel tunnel; fi
`,
  fish: `# fish completion for tunnel: tunnel completion fish | source
function __tunnel_complete
  set -l typed (commandline -opc) (commandline -ct)
  $typed[1] complete -- $typed[2..-1] 2>/dev/null
end
complete -c tunnel -f -a '(__tunnel_complete)'
`,
} as const;

export type Shell = keyof typeof completionScripts;
