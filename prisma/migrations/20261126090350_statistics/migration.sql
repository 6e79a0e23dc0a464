-- CreateEnum
CREATE TYPE "statistics_interval" AS ENUM ('hour', 'day');

-- CreateTable
CREATE TABLE "statistics_bucket" (
    "application_id" BIGINT NOT NULL,
    "interval" "statistics_interval" NOT NULL,
    "start" TIMESTAMPTZ(3) NOT NULL,
    "messages" BIGINT NOT NULL,
    "active_users" BIGINT NOT NULL,
    "new_users" BIGINT NOT NULL,
    "connections" BIGINT NOT NULL,

    CONSTRAINT "statistics_bucket_pkey" PRIMARY KEY ("application_id","interval","start")
);

-- CreateTable
CREATE TABLE "statistics_due" (
    "interval" "statistics_interval" NOT NULL,
    "start" TIMESTAMPTZ(3) NOT NULL,
    "folded_time" TIMESTAMPTZ(3),

    CONSTRAINT "statistics_due_pkey" PRIMARY KEY ("interval","start")
);

-- CreateTable
CREATE TABLE "request_hour" (
    "application_id" BIGINT NOT NULL,
    "start" TIMESTAMPTZ(3) NOT NULL,
    "requests" BIGINT NOT NULL,
    "durations" INTEGER[],

    CONSTRAINT "request_hour_pkey" PRIMARY KEY ("application_id","start")
);

-- CreateTable
CREATE TABLE "live_watch" (
    "application_id" BIGINT NOT NULL,
    "expires_time" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "live_watch_pkey" PRIMARY KEY ("application_id")
);

-- CreateIndex
CREATE INDEX "message_created_time_idx" ON "message" USING BRIN ("created_time") WITH (autosummarize = on);

-- CreateIndex
CREATE INDEX "user_created_time_idx" ON "user" USING BRIN ("created_time") WITH (autosummarize = on);

-- CreateIndex
CREATE INDEX "user_session_created_time_idx" ON "user_session"("created_time");

-- AddForeignKey
ALTER TABLE "statistics_bucket" ADD CONSTRAINT "statistics_bucket_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "request_hour" ADD CONSTRAINT "request_hour_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What there is already is folded once.
INSERT INTO "statistics_due" ("interval", "start")
SELECT DISTINCT i."interval"::"statistics_interval", date_trunc(i."interval", t."created_time", 'UTC')
FROM (
  SELECT "created_time" FROM "message"
  UNION ALL SELECT "created_time" FROM "user"
  UNION ALL SELECT "created_time" FROM "user_session"
) t CROSS JOIN (VALUES ('hour'), ('day')) i ("interval");
