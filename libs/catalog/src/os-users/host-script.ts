/**
 * What runs on a host, as root and by /bin/sh. It never interprets what it is given: the three values have passed the
 * patterns of the document before they stand between its quotes, and each word is checked again here. Nothing is ever
 * removed but rights; homes and files of keys are looked at and left.
 */
export const hostScript = String.raw`#!/bin/sh
set -uf
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 077
action='{{ action }}'
expect='{{ expect }}'
steps='{{ steps }}'
group=sallyport

stop() { echo "sallyport-error $1"; exit "$2"; }
for tool in useradd usermod groupadd pgrep pkill getent sha256sum flock sort stat tr; do
  command -v "$tool" >/dev/null 2>&1 || stop "tool-$tool" 69
done
exec 9>/run/sallyport-os-users.lock && flock -w 20 9 || stop busy 75

is_name() { case $1 in '' | [!a-z_]* | *[!a-z0-9_-]*) return 1 ;; esac; [ "$(printf %s "$1" | wc -c)" -le 31 ]; }
is_person() { case $1 in prs_*) ;; *) return 1 ;; esac; case $1 in *[!A-Za-z0-9_]*) return 1 ;; esac; [ "$(printf %s "$1" | wc -c)" -eq 30 ]; }
is_number() { case $1 in '' | 0* | *[!0-9]*) return 1 ;; esac; [ "$1" -ge 1000 ] && [ "$1" -le 59999 ]; }

members() { sed -n "s/^$group:[^:]*:[^:]*://p" /etc/group | head -n 1; }
# The person of an account of ours: its mark, and the group that nobody else can give.
person_of() {
  case $2 in 'sallyport prs_'*) ;; *) return 1 ;; esac
  mark=\${2#sallyport }; mark=\${mark%%,*}
  is_person "$mark" || return 1
  case ",$ours," in *",$1,"*) ;; *) return 1 ;; esac
  printf %s "$mark"
}
state_of() {
  line=$(getent shadow "$1") || { echo closed; return; }
  old=$IFS; IFS=:; set -- $line; IFS=$old
  case "\${2:-}" in
    '!'*) [ "\${8:-}" = 1 ] && echo locked || echo closed ;;
    '*') [ -z "\${8:-}" ] && echo open || echo closed ;;
    *) [ -z "\${8:-}" ] && echo open || echo closed ;;
  esac
}
# Lines that a plan rests on, then those that change by themselves.
stable() {
  ours=$(members)
  echo 'sallyport-facts 1'
  while IFS=: read -r name _ uid _ gecos _; do
    who=$(is_name "$name" && person_of "$name" "$gecos") || continue
    echo "account $name $uid $who $(state_of "$name")"
  done </etc/passwd | sort
  printf uids
  while IFS=: read -r name _ uid _ gecos _; do
    case $name in '' | *[!A-Za-z0-9._-]*) continue ;; esac
    is_name "$name" && person_of "$name" "$gecos" >/dev/null && continue
    printf ' %s:%s' "$name" "$uid"
  done </etc/passwd
  printf '\ngroups'
  while IFS=: read -r name _; do
    case $name in '' | *[!A-Za-z0-9._-]*) continue ;; esac
    printf ' %s' "$name"
  done </etc/group
  printf '\nhomes'
  set +f; for home in /home/*; do
    name=\${home#/home/}
    is_name "$name" && ! grep -q "^[^:]*:[^:]*:[^:]*:[^:]*:[^:]*:$home:" /etc/passwd && printf ' %s' "$name"
  done; set -f
  echo
}
# Whose home it is may put anything there: no more than a part is read, and nothing for long.
keys_below() {
  for file in "$2/.ssh/authorized_keys" "$2/.ssh/authorized_keys2"; do
    [ -f "$file" ] || continue
    count=$(timeout 2 head -c 1000000 "$file" 2>/dev/null | grep -cv '^[[:space:]]*\(#\|$\)')
    echo "keys $1 \${count:-0} $(printf %s "$file" | tr -c 'A-Za-z0-9_./@+-' '?')"
  done
}
meanwhile() {
  ours=$(members)
  echo meanwhile
  while IFS=: read -r name _ uid _ gecos home _; do
    case $name in '' | -* | *[!A-Za-z0-9._-]*) continue ;; esac
    case $home in /?*) keys_below "$name" "$home" ;; esac
    is_name "$name" && person_of "$name" "$gecos" >/dev/null || continue
    count=$(pgrep -c -U "$uid") || continue
    echo "processes $name $count"
  done </etc/passwd
  set +f; for home in /home/*; do
    [ -d "$home" ] && [ ! -L "$home" ] || continue
    grep -q "^[^:]*:[^:]*:[^:]*:[^:]*:[^:]*:$(printf %s "$home" | sed 's/[][\.*^$]/./g'):" /etc/passwd || keys_below - "$home"
  done; set -f
  echo end
}
tell() { stable; meanwhile; }

# An account that is not this person's is never changed.
uid_of_own() {
  ours=$(members)
  entry=$(getent passwd "$1") || return 1
  old=$IFS; IFS=:; set -- $entry "$2"; IFS=$old
  found=$(person_of "$1" "$5") || return 1
  for wanted; do :; done
  [ "$found" = "$wanted" ] && is_number "$3" && printf %s "$3"
}
end_all() {
  command -v loginctl >/dev/null 2>&1 && loginctl terminate-user "$1" >/dev/null 2>&1
  for again in 1 2 3 4 5; do
    pkill -KILL -U "$2"
    pgrep -U "$2" >/dev/null || return 0
    sleep 0.2
  done
  return 1
}
groups_of() { if [ "$1" = - ]; then printf %s "$group"; else printf %s "$group,$1"; fi; }
create() { # name uid shell groups person
  is_name "$1" && is_number "$2" && is_person "$5" && [ -x "$3" ] || return 65
  getent passwd "$1" >/dev/null && return 66
  getent passwd "$2" >/dev/null && return 66
  [ -e "/home/$1" ] && return 66
  useradd -m -U -d "/home/$1" -s "$3" -u "$2" -G "$(groups_of "$4")" -c "sallyport $5" -p '*' -K UMASK=0077 "$1" >&2 || return
  chmod 0700 "/home/$1"
}
unlock() { # name shell groups person
  is_name "$1" && [ -x "$2" ] && uid_of_own "$1" "$4" >/dev/null || return 65
  usermod -U -e '' -s "$2" -G "$(groups_of "$3")" "$1" >&2
}
lock() { # name person
  is_name "$1" && uid=$(uid_of_own "$1" "$2") || return 65
  usermod -L -e 1 -G "$group" "$1" >&2 || return
  end_all "$1" "$uid"
}
end() { # name person
  is_name "$1" && uid=$(uid_of_own "$1" "$2") || return 65
  end_all "$1" "$uid"
}
apply() {
  [ "$(stable | sha256sum | cut -c 1-64)" = "$expect" ] || { echo 'sallyport-error changed'; tell; exit 73; }
  getent group "$group" >/dev/null || groupadd -r "$group" >&2 || stop group 70
  failed=0
  for step in $steps; do
    old=$IFS; IFS=:; set -- $step; IFS=$old
    kind=$1; shift
    case $kind in
      create) [ $# -eq 5 ] && create "$@" ;;
      unlock) [ $# -eq 4 ] && unlock "$@" ;;
      lock) [ $# -eq 2 ] && lock "$@" ;;
      end) [ $# -eq 2 ] && end "$@" ;;
      *) false ;;
    esac
    code=$?
    [ "$code" -eq 0 ] && echo "sallyport-done $step" || { echo "sallyport-failed $code $step"; failed=1; }
  done
  tell
  exit "$failed"
}
case $action in
  facts) tell ;;
  apply) apply ;;
  *) stop action 64 ;;
esac
`.replaceAll('\\$', '$');
