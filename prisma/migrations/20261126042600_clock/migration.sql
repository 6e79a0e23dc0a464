-- The time of everything that this database dates. Postgres inlines it, and plans anew what inlined it when it is
-- replaced, which only the test API does (decision 16).
CREATE FUNCTION "chatterie_clock"() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS 'select now()';

ALTER TABLE "access_token" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "application" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "channel" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "channel_block" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "channel_invite" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "channel_membership" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "chat_session" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "credential" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "encryption_key" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "event_log" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "file" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "function" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "function_invocation" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "function_run" ALTER COLUMN "due_time" SET DEFAULT chatterie_clock();
ALTER TABLE "function_version" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "idempotency_key" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "job" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "message" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "message_report" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "notification" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "outbox_event" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "reaction" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "read_span" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "thread" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "user" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "user_block" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
ALTER TABLE "user_session" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
