#!/usr/bin/env bash
# Exits with 0 if the server of this container is alive, else with 1. Starts no program; the shell speaks HTTP itself.
case "${HOST:=127.0.0.1}" in
  0.0.0.0) HOST=127.0.0.1 ;;
  ::) HOST=::1 ;;
esac
exec 3<>"/dev/tcp/$HOST/${PORT:-9001}" || exit 1
printf 'GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 3 _ status _ <&3
[[ $status == 200 ]]
