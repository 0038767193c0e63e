# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Completes the command line of dispatcherctl in bash.

# __dispatcherctl_names KIND: the names of that kind that the daemon has now; nothing without one
__dispatcherctl_names ()
{
  "${__dispatcherctl_call[@]}" names "$1" 2> /dev/null
}

# __dispatcherctl_reply WORDS: those of the lines that begin as the word that is completed
__dispatcherctl_reply ()
{
  local IFS=$'\n'
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# __dispatcherctl_options COMMAND: its options, one a line
__dispatcherctl_options ()
{
  case $1 in
    policy) printf '%s\n' --model --reset --shadow ;;
    quota) printf '%s\n' --reset ;;
    predict) printf '%s\n' --model-version --token-file ;;
    records) printf '%s\n' --follow --limit --model --container --node --state --interval ;;
    watch) printf '%s\n' --interval --count ;;
  esac
  printf '%s\n' --user --system --address --json --version --help
}

# __dispatcherctl_value OPTION WORD: completes the value of an option; fails if it takes none
__dispatcherctl_value ()
{
  case $1 in
    --model | -m) __dispatcherctl_reply "$(__dispatcherctl_names models)" "$2" ;;
    --container) __dispatcherctl_reply "$(__dispatcherctl_names containers)" "$2" ;;
    --state) __dispatcherctl_reply $'created\nwaiting\ncompleted\nerror' "$2" ;;
    --token-file) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    --address | --limit | --node | --interval | --count | --model-version | -n | -i) COMPREPLY=() ;;
    *) return 1 ;;
  esac
}

# __dispatcherctl_argument COMMAND NUMBER WORD: completes an argument of a command
__dispatcherctl_argument ()
{
  case $1 in
    policy)
      if [[ $2 -eq 0 ]]; then __dispatcherctl_reply "$(__dispatcherctl_names policies)" "$3"; fi
      ;;
    explain) if [[ $2 -eq 0 ]]; then __dispatcherctl_reply "$(__dispatcherctl_names models)" "$3"; fi ;;
    drain | resume) __dispatcherctl_reply "$(__dispatcherctl_names containers)" "$3" ;;
    quota)
      if [[ $2 -eq 0 ]]; then __dispatcherctl_reply "$(__dispatcherctl_names containers)" "$3"; fi
      ;;
    predict)
      if [[ $2 -eq 0 ]]; then
        __dispatcherctl_reply "$(__dispatcherctl_names models)" "$3"
      elif [[ $3 == @* ]]; then
        mapfile -t COMPREPLY < <(compgen -P @ -f -- "${3#@}")
      fi
      ;;
  esac
}

_dispatcherctl ()
{
  local commands='status models containers policy explain drain resume quota refresh reload reset records predict watch'
  local word=${COMP_WORDS[COMP_CWORD]} command='' previous='' number=0 i
  local __dispatcherctl_call=(dispatcherctl)
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --user | --system) __dispatcherctl_call+=("${COMP_WORDS[i]}") ;;
      # bash takes "--address=unix:path=/x" for several words.
      --address)
        local address='' j=$((i + 1))
        while [[ $j -lt $COMP_CWORD && (${COMP_WORDS[j]} == [=:] || -z $address \
          || ${COMP_WORDS[j - 1]} == [=:]) ]]; do
          address+=${COMP_WORDS[j]}
          j=$((j + 1))
        done
        __dispatcherctl_call+=(--address "${address#=}")
        i=$((j - 1))
        ;;
      -n | -i | -m | --limit | --model | --container | --node | --state | --interval | --count \
        | --model-version | --token-file) if [[ ${COMP_WORDS[i + 1]} == '=' ]]; then i=$((i + 2)); else i=$((i + 1)); fi ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else number=$((number + 1)); fi ;;
    esac
  done
  previous=${COMP_WORDS[COMP_CWORD - 1]}
  if [[ $word == '=' ]]; then
    word=''
  elif [[ $previous == '=' && $COMP_CWORD -ge 2 ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  __dispatcherctl_value "$previous" "$word" && return
  if [[ $word == -* ]]; then
    __dispatcherctl_reply "$(__dispatcherctl_options "$command")" "$word"
  elif [[ -z $command ]]; then
    __dispatcherctl_reply "${commands// /$'\n'}" "$word"
  else
    __dispatcherctl_argument "$command" "$number" "$word"
  fi
}

complete -F _dispatcherctl dispatcherctl
