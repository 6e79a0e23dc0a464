# Chatterie with a Postgres of yours (docker-compose.yml brings one) or, without DATABASE_URL, with its own.
FROM node:24-bookworm-slim AS build
WORKDIR /chatterie
COPY package.json package-lock.json ./
COPY scripts scripts
COPY prisma prisma
COPY src/pages src/pages
# The database client and the pages are made on install, by tools that the server does not need. Nor does it need the
# Node of the dependencies, for the image is one, or the TypeScript that the database client can be built with.
RUN npm ci && npm prune --omit=dev --ignore-scripts && \
  rm -rf node_modules/node node_modules/node-bin-* node_modules/.bin/node node_modules/typescript node_modules/@typescript

FROM node:24-bookworm-slim
# Passes signals on, and buries the processes of chat functions.
RUN apt-get update && apt-get install --yes --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 chatterie && useradd --uid 10001 --gid 10001 --create-home --home-dir /data chatterie
WORKDIR /chatterie
ENV HOST=0.0.0.0 PORT=9001 CHATTERIE_HOME=/data
COPY --from=build /chatterie ./
COPY openapi.yaml ./
COPY bin bin
COPY src src
COPY --from=build /chatterie/src/data/generated src/data/generated
COPY --from=build /chatterie/src/pages/built src/pages/built
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 9001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["bash", "bin/healthcheck.sh"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "src/main.ts"]
