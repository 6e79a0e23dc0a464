# Chatterie with a Postgres of yours (docker-compose.yml brings one) or, without DATABASE_URL, with its own.
FROM node:24-bookworm-slim AS build
WORKDIR /chatterie
COPY package.json package-lock.json ./
COPY scripts scripts
COPY prisma prisma
COPY src/pages src/pages
# The database client and the pages are made on install, by tools that the server does not need.
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
WORKDIR /chatterie
ENV HOST=0.0.0.0 PORT=9001 CHATTERIE_HOME=/data
COPY --from=build /chatterie ./
COPY openapi.yaml ./
COPY src src
COPY --from=build /chatterie/src/data/generated src/data/generated
COPY --from=build /chatterie/src/pages/built src/pages/built
RUN useradd --system --create-home --home-dir /data chatterie
USER chatterie
VOLUME /data
EXPOSE 9001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
