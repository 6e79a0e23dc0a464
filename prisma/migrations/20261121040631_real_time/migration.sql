-- AlterTable
ALTER TABLE "application" ADD COLUMN     "ui" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "user_session" ADD COLUMN     "acked_position" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "detached_time" TIMESTAMPTZ(3),
ADD COLUMN     "node" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "hidden_message" (
    "user_id" BIGINT NOT NULL,
    "message_id" BIGINT NOT NULL,

    CONSTRAINT "hidden_message_pkey" PRIMARY KEY ("user_id","message_id")
);

-- CreateTable
CREATE TABLE "event_log" (
    "position" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "channel_id" BIGINT,
    "thread_id" BIGINT,
    "payload" JSONB NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_log_pkey" PRIMARY KEY ("position")
);

-- CreateIndex
CREATE INDEX "hidden_message_message_id_idx" ON "hidden_message"("message_id");

-- CreateIndex
CREATE INDEX "event_log_created_time_idx" ON "event_log"("created_time");

-- AddForeignKey
ALTER TABLE "hidden_message" ADD CONSTRAINT "hidden_message_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "hidden_message" ADD CONSTRAINT "hidden_message_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "message"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Processes that hold connections; see data/node.ts.
CREATE SEQUENCE "node_id" AS INT CYCLE;

-- Whether an application has anybody to tell.
CREATE INDEX "user_session_active" ON "user_session" ("application_id", "node") WHERE "state" = 'ACTIVE';
CREATE INDEX "user_session_recent" ON "user_session" ("application_id", "end_time") WHERE "end_time" IS NOT NULL;

-- Hidden channels are few, and looked for whenever somebody writes.
CREATE INDEX "channel_membership_hidden" ON "channel_membership" ("channel_id", "user_id") WHERE "hidden";

-- Lists of channels by name or display name, as users search them.
CREATE INDEX "channel_name_trgm" ON "channel" USING GIN ("name" gin_trgm_ops, "display_name" gin_trgm_ops) WHERE "type" <> 'DIRECT';

-- Public channels by their last activity; see data/sql/channel-activity.ts.
CREATE TABLE "channel_activity" (
    "channel_id" BIGINT NOT NULL,
    "application_id" BIGINT NOT NULL,
    "last_id" BIGINT NOT NULL,

    CONSTRAINT "channel_activity_pkey" PRIMARY KEY ("channel_id")
);
CREATE INDEX "channel_activity_application_id_last_id_idx" ON "channel_activity"("application_id", "last_id");
ALTER TABLE "channel_activity" ADD CONSTRAINT "channel_activity_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

INSERT INTO "channel_activity" ("channel_id", "application_id", "last_id")
SELECT c."id", c."application_id", COALESCE(
  (SELECT max(m."id") FROM "message" m WHERE m."channel_id" = c."id"),
  (SELECT t."id" FROM "thread" t WHERE t."channel_id" = c."id" AND t."type" = 'MAIN'), 0)
FROM "channel" c WHERE c."type" = 'PUBLIC';

-- The counter of public channels.
INSERT INTO "counter" ("scope", "scope_id", "value")
SELECT 'application.public_channels', "application_id", count(*) FROM "channel" WHERE "type" = 'PUBLIC' GROUP BY "application_id";

-- Whether a user was connected a moment ago.
CREATE INDEX "user_session_ended" ON "user_session" ("user_id", "end_time") WHERE "end_time" IS NOT NULL;

-- Contacts that are online, in the order of lists, and those whose name has a part.
CREATE INDEX "user_online" ON "user" ("application_id", lower("name"), "id")
WHERE "deleted_time" IS NULL AND "presence_online" AND "presence_status" <> 'INVISIBLE';
CREATE INDEX "user_display_name_trgm" ON "user" USING GIN ("display_name" gin_trgm_ops);

-- The name itself lets pages be found over the index alone: the last one of 100,000 users in 9 ms instead of 56.
DROP INDEX "user_name_order";
CREATE INDEX "user_name_order" ON "user" ("application_id", lower("name"), "id") INCLUDE ("name") WHERE "deleted_time" IS NULL;

-- Everything up to this id is read; see data/sql/mark-read.ts.
ALTER TABLE "channel_membership" ADD COLUMN "read_through_id" BIGINT NOT NULL DEFAULT 0;

-- With the author in it: what is unread are others' messages, which the index alone counts.
DROP INDEX "message_channel_id_id_idx";
CREATE INDEX "message_channel_id_id_user_id_idx" ON "message"("channel_id", "id", "user_id");

-- Files are few, and looked for by channel.
CREATE INDEX "message_file" ON "message" ("channel_id", "id") WHERE "file" IS NOT NULL;
