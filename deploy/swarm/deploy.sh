#!/bin/sh
# Deploys the stack from a manager node: ./deploy.sh [--check] [CLOUD ...], where CLOUD is openrouter, openai, anthropic or langfuse.
# Makes the secrets that are missing and can be random; --check only prints the stack as Docker reads it.
set -eu
cd "$(dirname "$0")"
if [ -f .env ]; then
  set -a
  . ./.env
  set +a
fi

mode=deploy
if [ "${1:-}" = --check ]; then
  mode=check
  shift
fi

hash_of() { sha256sum "$1" | cut -c1-12; }
SIGNALBOX_CONFIG_HASH=$(hash_of "${SIGNALBOX_CONFIG_FILE:-../compose/config.example.yaml}")
SIGNALBOX_NATS_HASH=$(hash_of ../docker/nats.conf)
export SIGNALBOX_CONFIG_HASH SIGNALBOX_NATS_HASH

set_of_files() {
  printf -- '-c stack.yaml'
  for cloud in "$@"; do
    [ -f "stack.$cloud.yaml" ] || { echo "there is no stack.$cloud.yaml" >&2; exit 1; }
    printf -- ' -c stack.%s.yaml' "$cloud"
  done
}
files=$(set_of_files "$@")

if [ "$mode" = check ]; then
  # shellcheck disable=SC2086
  exec docker stack config $files
fi

prefix=${SIGNALBOX_SECRETS:-signalbox}
has() { docker secret inspect "${prefix}_$1" >/dev/null 2>&1; }
store() { docker secret create "${prefix}_$1" - >/dev/null && echo "made the secret ${prefix}_$1"; }
random() { openssl rand -hex 24; }

has key_pepper || random | tr -d '\n' | store key_pepper
for service in ingress router accounting health provider_ollama provider_cloud; do
  has "nats_password_$service" || random | tr -d '\n' | store "nats_password_$service"
done
if ! has master_key; then
  key="sk-$(random)"
  printf %s "$key" | store master_key
  echo "the master key is shown this once: $key"
fi
if ! has postgres_password && ! has database_url; then
  password=$(random)
  printf %s "$password" | store postgres_password
  printf 'postgresql://signalbox:%s@postgres:5432/signalbox' "$password" | store database_url
fi
for cloud in "$@"; do
  has "${cloud}_api_key" || { echo "the secret ${prefix}_${cloud}_api_key is missing, see stack.$cloud.yaml" >&2; exit 1; }
done

# shellcheck disable=SC2086
exec docker stack deploy --detach=true --prune --with-registry-auth $files "${SIGNALBOX_STACK:-signalbox}"
