# The whole suite in one container, for those who come with a compose file or a pod that runs a gateway in one: the
# arguments after the image are those of `npm start`, so LiteLLM's `--config /app/config.yaml --port 4000` stays.
#
#   docker build -f deploy/docker/suite.Dockerfile -t signalbox-suite:0.1.0 .
#
# It is a checkout that was prepared as the first `npm start` prepares one. For replicas, and for a fence around each
# service, take the image of deploy/docker/Dockerfile.
ARG NATS_IMAGE=nats:2.12-alpine
ARG RUNTIME_IMAGE=node:24-bookworm-slim
FROM ${NATS_IMAGE} AS nats

FROM ${RUNTIME_IMAGE}
COPY --from=nats /usr/local/bin/nats-server /usr/local/bin/nats-server
RUN mkdir -p /app /data && chown node:node /app /data
WORKDIR /app
USER node
COPY --chown=node:node package.json package-lock.json .npmrc .nvmrc nest-cli.json tsconfig.json tsconfig.build.json LICENSE ./
COPY --chown=node:node libs libs
COPY --chown=node:node apps apps
COPY --chown=node:node deploy/local deploy/local
RUN node deploy/local/signalbox.mjs --help
# The commit: `--build-arg REVISION=$(git rev-parse HEAD)`.
ARG REVISION=
ENV SIGNALBOX_COMMIT=${REVISION}
# The ledger, and the secrets that are made at the first start: give it a volume.
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "const { http } = require('/data/run/ports.json'); fetch(`http://127.0.0.1:${http}/health/readiness`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "deploy/local/start.mjs", "--data-dir", "/data"]
