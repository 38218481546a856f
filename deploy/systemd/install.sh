#!/bin/sh
# Installs the units on this machine, as root: users, folders, secrets (made once, never replaced), units. Starts nothing.
# The checkout must be in /opt/signalbox and built; PREFIX=/some/folder writes everything below that folder instead.
set -eu
prefix=${PREFIX:-}
here=$(cd "$(dirname "$0")" && pwd)
etc=$prefix/etc/signalbox

if [ -z "$prefix" ]; then
  for user in signalbox signalbox-nats; do
    id "$user" >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin "$user"
  done
fi

umask 077
mkdir -p "$etc" "$prefix/etc/systemd/system"
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
# $1: file; rest: lines. An existing file stays as it is.
once() {
  file=$etc/$1
  shift
  [ -e "$file" ] || printf '%s\n' "$@" >"$file"
}

if [ ! -e "$etc/nats.env" ]; then
  pepper=$(random)
  master=sk-$(random)
  : >"$etc/nats.env"
  port=9464
  for service in ingress router accounting health provider-ollama provider-cloud; do
    password=$(random)
    name=$(printf %s "$service" | tr 'a-z-' 'A-Z_')
    # In quotes for the server, which reads the value as a piece of its configuration.
    printf 'NATS_PASSWORD_%s="\\"%s\\""\n' "$name" "$password" >>"$etc/nats.env"
    set -- "NATS_PASSWORD=$password" "SIGNALBOX_MANAGEMENT_PORT=$port"
    case $service in
      ingress) set -- "$@" "SIGNALBOX_KEY_PEPPER=$pepper" "LITELLM_MASTER_KEY=$master" SIGNALBOX_HOST=0.0.0.0 ;;
      accounting) set -- "$@" "SIGNALBOX_KEY_PEPPER=$pepper" "LITELLM_MASTER_KEY=$master" 'DATABASE_URL=' ;;
      # The router must know which keys there are, never what they are.
      router) set -- "$@" LITELLM_MASTER_KEY=set '# OPENROUTER_API_KEY=set' ;;
      provider-cloud) set -- "$@" '# OPENROUTER_API_KEY=' ;;
    esac
    once "$service.env" "$@"
    port=$((port + 1))
  done
  echo "the master key is in $etc/ingress.env; set DATABASE_URL in $etc/accounting.env"
fi
once common.env NATS_URL=nats://127.0.0.1:4222 SIGNALBOX_CONFIG=/etc/signalbox/config.yaml SIGNALBOX_DRAIN_SECONDS=300 \
  SIGNALBOX_LOG_LEVEL=info '# OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318'
[ -e "$etc/nats.conf" ] || sed -e 's|"/data"|"/var/lib/signalbox-nats"|' -e 's|^port: 4222|listen: "127.0.0.1:4222"|' \
  -e 's|^http_port: 8222|http: "127.0.0.1:8222"|' "$here/../docker/nats.conf" >"$etc/nats.conf"
[ -e "$etc/config.yaml" ] || sed 's|host.docker.internal|127.0.0.1|' "$here/../compose/config.example.yaml" >"$etc/config.yaml"

if [ -z "$prefix" ]; then
  chown root:signalbox "$etc" "$etc/config.yaml"
  chmod 0755 "$etc"
  chmod 0640 "$etc/config.yaml"
  chown root:signalbox-nats "$etc/nats.conf"
  chmod 0640 "$etc/nats.conf"
fi
for unit in signalbox@.service signalbox-nats.service signalbox.target; do
  install -m 0644 "$here/$unit" "$prefix/etc/systemd/system/$unit"
done
echo 'units are in place; next: docs/operations/systemd.md'
