# Chatterie with a Postgres of yours (docker-compose.yml brings one) or, without DATABASE_URL, with its own.
FROM node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe AS build
WORKDIR /source
COPY . .
# What is published, installed as anybody would.
RUN npm ci && npm pack && npm install --prefix /chatterie ./chatterie-*.tgz

FROM node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe
# Passes signals on, and buries the processes of chat functions.
RUN apt-get update && apt-get install --yes --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 chatterie && useradd --uid 10001 --gid 10001 --create-home --home-dir /data chatterie
WORKDIR /chatterie/node_modules/chatterie
ENV HOST=0.0.0.0 PORT=9001 CHATTERIE_HOME=/data
COPY --from=build /chatterie /chatterie
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 9001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["bash", "bin/healthcheck.sh"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "bin/chatterie.cjs", "start"]
