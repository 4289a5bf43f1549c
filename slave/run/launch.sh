#!/bin/sh
# Runs one game and outlives the slave that asked for it: opens the game's files itself, waits, records the exit status.
#
#   sh launch MODE INPUT USER LIMIT OOM_KILLS      (in the run directory)
#   MODE plain|terminal   INPUT fifo|none   USER uid:gid|-   LIMIT bytes of output to keep on disk, 0 = all
#
# CORRAL_GAME: shell text that sets $cwd, $files and the arguments, and has a function `environment` with the game's
# exports. It travels in the environment because, unlike arguments, that is not shown to other users.
#
# Records are single lines, each appended by one write:
#   state: L pid start boot mode   this launcher        X status [oom]   the end of the game
#   claim: G pid start boot        the game begins      R                a slave has revoked the start
# The first line of `claim` decides: the game only begins if it is its own.

mode=$1 input=$2 user=$3 limit=$4 oom_kills=$5
exec 2>>launcher.err

# Handlers, not '': what is ignored stays ignored in the game, a handler does not.
trap 'got=1' HUP INT QUIT TERM
trap 'exec 5>&-; got=1' USR1

read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/$$/stat
set -- ${stat##*) }
shift 19
echo "L $$ $1 $boot $mode" >>state || exit 74

exec 6>>claim 7<claim 8>>out
# A program that opens /dev/stderr anew would truncate the output; without the right to write it cannot.
chmod 0400 out
if [ "$input" = fifo ]; then
  mkfifo -m 0600 in || exit 74
  # Opened for both first, so that no open waits. The game reads 4; 5 keeps its input open while no slave is there.
  exec 3<>in
  exec 4<in 5>in 3<&-
else
  exec 4</dev/null
fi

CORRAL_CHILD='
read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/$$/stat
set -- ${stat##*) }
shift 19
own="G $$ $1 $boot"
unset CORRAL_CHILD PATH SHELL LC_ALL PWD OLDPWD
game=$CORRAL_GAME
unset CORRAL_GAME
eval "$game"
[ -z "$files" ] || ulimit -S -n "$files"
cd -- "$cwd" || exit 126
unset PWD OLDPWD
echo "$own" >&6
read -r first <&7
[ "$first" = "$own" ] || exit 75
trap "echo corral: the program could not be started >&2" EXIT
environment
exec "$@" 6>&- 7<&-
'
export CORRAL_CHILD

case $user in
  -) as= ;;
  *) as="setpriv --reuid=${user%:*} --regid=${user#*:} --clear-groups --no-new-privs --inh-caps=-all" ;;
esac

# A shell starts its background children with SIGINT and SIGQUIT ignored, and with /dev/null for a 0 that was not
# opened anew: hence --default-signal and <&4.
if [ "$mode" = terminal ]; then
  setsid env --default-signal $as script -qfe -E never \
    -c 'stty rows 40 cols 160 -echo -onlcr; eval "$CORRAL_CHILD"' /dev/null <&4 >&8 2>&8 4<&- 5>&- 8>&- &
else
  setsid env --default-signal $as /bin/sh -c 'eval "$CORRAL_CHILD"' <&4 >&8 2>&8 4<&- 5>&- 8>&- &
fi
game=$!
unset CORRAL_GAME CORRAL_CHILD
exec 4<&- 6>&- 7<&-

# Bounds the output while no slave does: a slave trims at three quarters of the limit, this at the whole.
# The position of the shared descriptor is the end of the output, so looking costs no process but the sleep.
trim() {
  trap 'kill $nap; exit 0' TERM
  exec 5>&-
  pause=1 last=0
  while [ -d /proc/$game ]; do
    sleep $pause &
    nap=$!
    wait $nap
    read -r key end </proc/self/fdinfo/8
    read -r head <head
    read -r base kept rest <known
    [ $head -le $end ] || head=0
    before=$head
    [ $((kept - base)) -le $head ] || head=$((kept - base))
    if [ $((end - head)) -gt $limit ]; then
      head=$((end - limit / 2))
      printf '%20d\n' $head 1<>head
      chmod 0600 out
      fallocate -p -o 0 -l $head out
      failed=$?
      chmod 0400 out
      [ $failed -eq 0 ] || { printf '%20d\n' $before 1<>head; return; }
    fi
    if [ $((end - last)) -gt $((pause * limit / 64)) ]; then pause=1; else pause=8; fi
    last=$end
  done
}
trimmer=
[ $limit -eq 0 ] || { trim & trimmer=$!; }

# A trapped signal ends `wait` early; the status is that of the game only if none came.
status=
while :; do
  got=
  wait $game
  result=$?
  [ $result -eq 127 ] && [ -n "$status" ] && break
  status=$result
  [ -z "$got" ] && break
done

oom=
if [ $status -eq 137 ]; then
  now=$(grep '^oom_kill ' /proc/vmstat)
  [ "${now#* }" = "$oom_kills" ] || oom=' oom'
fi
echo "X $status$oom" >>state
[ -z "$trimmer" ] || kill $trimmer 2>/dev/null
