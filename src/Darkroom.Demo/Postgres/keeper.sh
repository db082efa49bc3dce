# Keeps one private Postgres for the process at the other end of our standard input, and ends with it.
#
# However that process ends, kill -9 included, its end of the pipe closes: the server is stopped and its folder removed.
# For that this shell must outlive its owner: it has no parent that could be killed with its children, and ignores
# what a terminal sends. The server itself is a session of its own (pg_ctl sees to it), so Ctrl-C never reaches it.
#
# Arguments: the folder of the server's programs; the folder in which to make the cluster's own.
# Commands, one a line: "init PASSWORD", "start OPTIONS", "stop fast|immediate". The answer is what there is to say about it,
# then a line "ok" or "failed". "init" says the cluster's folder and its major version.
bin=$1
temp=$2

init() {
  umask 077
  folder=$(mktemp -d "$temp/darkroom-postgres-XXXXXX") || return
  echo "$folder"
  printf '%s\n' "$1" >"$folder/password"
  "$bin/initdb" --pgdata="$folder/data" --username=darkroom --pwfile="$folder/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1 || { tail -n 5 "$folder/initdb.log"; return 1; }
  rm "$folder/password"
  cat "$folder/data/PG_VERSION"
}

start() {
  "$bin/pg_ctl" start --wait --silent --pgdata="$folder/data" --log="$folder/server.log" --options="$1" \
    >"$folder/pg_ctl.log" 2>&1 </dev/null || { tail -n 5 "$folder/server.log" "$folder/pg_ctl.log"; return 1; }
}

stop() {
  "$bin/pg_ctl" stop --wait --silent --pgdata="$folder/data" --mode="$1"
}

keep() {
  trap '' INT QUIT HUP TERM PIPE
  while read -r command argument; do
    if "$command" "$argument"; then echo ok; else echo failed; fi
  done
  [ -n "$folder" ] || return
  [ ! -e "$folder/data/postmaster.pid" ] || stop immediate
  rm -rf "$folder"
}

exec 3<&0
keep <&3 3<&- 2>&1 &
