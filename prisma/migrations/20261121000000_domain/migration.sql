-- Numbers messages and threads alike: a message's reply thread has the message's id.
CREATE SEQUENCE "message_id" AS BIGINT MAXVALUE 9007199254740991 CACHE 1;
CREATE FUNCTION "next_message_id"() RETURNS BIGINT LANGUAGE SQL VOLATILE AS $$ SELECT nextval('"message_id"') $$;

-- Search by text (trusted: the owner of a database may create it).
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Who has read a message: a range of ids of one channel.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- CreateEnum
CREATE TYPE "toggle" AS ENUM ('DISABLED', 'ENABLED');

-- CreateEnum
CREATE TYPE "user_type" AS ENUM ('PERSON', 'BOT');

-- CreateEnum
CREATE TYPE "call_status" AS ENUM ('AVAILABLE', 'IN_CALL');

-- CreateEnum
CREATE TYPE "channel_type" AS ENUM ('DIRECT', 'PUBLIC', 'PRIVATE');

-- CreateEnum
CREATE TYPE "thread_type" AS ENUM ('MAIN', 'STANDALONE', 'MESSAGE');

-- CreateEnum
CREATE TYPE "message_type" AS ENUM ('TEXT', 'FILE', 'SYSTEM_TEXT', 'SYSTEM_FILE');

-- CreateEnum
CREATE TYPE "notification_type" AS ENUM ('USER_SENT_MESSAGE', 'SYSTEM_SENT_MESSAGE', 'USER_REPLIED_TO_MESSAGE', 'USER_MENTIONED_USER', 'USER_MENTIONED_CHANNEL');

-- CreateEnum
CREATE TYPE "session_state" AS ENUM ('ACTIVE', 'ENDED');

-- CreateEnum
CREATE TYPE "job_type" AS ENUM ('USER_IMPORT', 'CHANNEL_IMPORT', 'CHANNEL_MEMBERS_IMPORT', 'MESSAGE_IMPORT', 'MESSAGE_ANALYTICS_EXPORT', 'USER_ANALYTICS_EXPORT');

-- CreateEnum
CREATE TYPE "job_state" AS ENUM ('PENDING', 'RUNNING', 'FINISHED', 'FAILED');

-- CreateEnum
CREATE TYPE "runtime_type" AS ENUM ('NODEJS');

-- CreateEnum
CREATE TYPE "invocation_status" AS ENUM ('RUNNING', 'SUCCEEDED', 'FAILED');

-- CreateTable
CREATE TABLE "application" (
    "id" BIGSERIAL NOT NULL,
    "key" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "guest_users" "toggle" NOT NULL DEFAULT 'ENABLED',
    "user_created_channels" "toggle" NOT NULL DEFAULT 'ENABLED',
    "properties" JSONB NOT NULL DEFAULT '{}',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "application_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "credential" (
    "client_id" TEXT NOT NULL,
    "application_id" BIGINT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credential_pkey" PRIMARY KEY ("client_id")
);

-- CreateTable
CREATE TABLE "access_token" (
    "hash" BYTEA NOT NULL,
    "application_id" BIGINT NOT NULL,
    "client_id" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "expires_time" TIMESTAMPTZ(3) NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "access_token_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "user" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "type" "user_type" NOT NULL DEFAULT 'PERSON',
    "name" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "is_guest" BOOLEAN NOT NULL DEFAULT false,
    "call_status" "call_status" NOT NULL DEFAULT 'AVAILABLE',
    "presence_status" TEXT NOT NULL DEFAULT 'UNAVAILABLE',
    "presence_online" BOOLEAN NOT NULL DEFAULT false,
    "picture_url" TEXT,
    "picture_file_id" BIGINT,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_time" TIMESTAMPTZ(3),

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_secret" (
    "user_id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "secret" JSONB NOT NULL,

    CONSTRAINT "user_secret_pkey" PRIMARY KEY ("user_id","name")
);

-- CreateTable
CREATE TABLE "user_block" (
    "id" BIGSERIAL NOT NULL,
    "blocker_id" BIGINT NOT NULL,
    "blocked_id" BIGINT NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_block_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "type" "channel_type" NOT NULL,
    "name" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "member_set" TEXT,
    "creator_id" BIGINT,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel_membership" (
    "channel_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "moderator" BOOLEAN NOT NULL DEFAULT false,
    "muted" BOOLEAN NOT NULL DEFAULT false,
    "hidden" BOOLEAN NOT NULL DEFAULT false,
    "joined_through_id" BIGINT NOT NULL DEFAULT 0,
    "cleared_through_id" BIGINT NOT NULL DEFAULT 0,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_membership_pkey" PRIMARY KEY ("channel_id","user_id")
);

-- CreateTable
CREATE TABLE "channel_invite" (
    "id" BIGSERIAL NOT NULL,
    "channel_id" BIGINT NOT NULL,
    "invitee_id" BIGINT NOT NULL,
    "inviter_id" BIGINT,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_invite_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel_block" (
    "id" BIGSERIAL NOT NULL,
    "channel_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_block_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "thread" (
    "id" BIGINT NOT NULL DEFAULT next_message_id(),
    "application_id" BIGINT NOT NULL,
    "channel_id" BIGINT NOT NULL,
    "type" "thread_type" NOT NULL,
    "name" TEXT,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "thread_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "message" (
    "id" BIGINT NOT NULL DEFAULT next_message_id(),
    "application_id" BIGINT NOT NULL,
    "channel_id" BIGINT NOT NULL,
    "thread_id" BIGINT,
    "parent_id" BIGINT,
    "nested_level" INTEGER NOT NULL DEFAULT 0,
    "type" "message_type" NOT NULL,
    "user_id" BIGINT,
    "body" TEXT,
    "file" JSONB,
    "group_tag" TEXT,
    "mentions" JSONB,
    "links" JSONB,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_edited_time" TIMESTAMPTZ(3),
    "has_thread" BOOLEAN NOT NULL DEFAULT false,
    "reaction_count" INTEGER NOT NULL DEFAULT 0,
    "report_count" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "message_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reaction" (
    "message_id" BIGINT NOT NULL,
    "emoji" TEXT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reaction_pkey" PRIMARY KEY ("message_id","emoji","user_id")
);

-- CreateTable
CREATE TABLE "read_span" (
    "id" BIGSERIAL NOT NULL,
    "channel_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "from_id" BIGINT NOT NULL,
    "through_id" BIGINT NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "read_span_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "message_report" (
    "id" BIGSERIAL NOT NULL,
    "message_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_report_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notification" (
    "id" BIGSERIAL NOT NULL,
    "recipient_id" BIGINT NOT NULL,
    "message_id" BIGINT NOT NULL,
    "type" "notification_type" NOT NULL,
    "mentioned_channel_id" BIGINT,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "muted" BOOLEAN NOT NULL DEFAULT false,
    "read_time" TIMESTAMPTZ(3),
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "notification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_session" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "key" UUID NOT NULL,
    "state" "session_state" NOT NULL DEFAULT 'ACTIVE',
    "user_agent" TEXT,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "end_time" TIMESTAMPTZ(3),

    CONSTRAINT "user_session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chat_session" (
    "id" BIGSERIAL NOT NULL,
    "session_id" BIGINT NOT NULL,
    "channel_id" BIGINT NOT NULL,
    "state" "session_state" NOT NULL DEFAULT 'ACTIVE',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "end_time" TIMESTAMPTZ(3),

    CONSTRAINT "chat_session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "file" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT,
    "key" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "sha256" BYTEA NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_time" TIMESTAMPTZ(3),

    CONSTRAINT "file_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "type" "job_type" NOT NULL,
    "state" "job_state" NOT NULL DEFAULT 'PENDING',
    "input" JSONB NOT NULL DEFAULT '{}',
    "file_id" BIGINT,
    "processed" BIGINT NOT NULL DEFAULT 0,
    "failed" BIGINT NOT NULL DEFAULT 0,
    "total" BIGINT,
    "errors" JSONB NOT NULL DEFAULT '[]',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_time" TIMESTAMPTZ(3),

    CONSTRAINT "job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "application_id" BIGINT NOT NULL,
    "kind" "job_type" NOT NULL,
    "key" TEXT NOT NULL,
    "resource_id" BIGINT,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("application_id","kind","key")
);

-- CreateTable
CREATE TABLE "runtime" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "type" "runtime_type" NOT NULL DEFAULT 'NODEJS',
    "dependencies" JSONB NOT NULL DEFAULT '[]',
    "environment" BYTEA,
    "initialization_script" TEXT,

    CONSTRAINT "runtime_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "function" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "runtime_id" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "initialize_asynchronously" BOOLEAN NOT NULL DEFAULT false,
    "current_version_number" INTEGER NOT NULL DEFAULT 0,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "function_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "function_version" (
    "id" BIGSERIAL NOT NULL,
    "function_id" BIGINT NOT NULL,
    "version_number" INTEGER NOT NULL,
    "handler_script" TEXT NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "function_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "function_invocation" (
    "id" BIGSERIAL NOT NULL,
    "function_id" BIGINT NOT NULL,
    "version_number" INTEGER NOT NULL,
    "status" "invocation_status" NOT NULL DEFAULT 'RUNNING',
    "args" JSONB NOT NULL,
    "result" JSONB NOT NULL DEFAULT '{}',
    "logs" JSONB NOT NULL DEFAULT '[]',
    "duration_ms" INTEGER,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "function_invocation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "counter" (
    "scope" TEXT NOT NULL,
    "scope_id" BIGINT NOT NULL,
    "value" BIGINT NOT NULL,

    CONSTRAINT "counter_pkey" PRIMARY KEY ("scope","scope_id")
);

-- CreateTable
CREATE TABLE "notification_task" (
    "message_id" BIGINT NOT NULL,
    "after_user_id" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "notification_task_pkey" PRIMARY KEY ("message_id")
);

-- CreateTable
CREATE TABLE "outbox_event" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "channel_id" BIGINT,
    "thread_id" BIGINT,
    "count" INTEGER NOT NULL DEFAULT 0,
    "payload" JSONB NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "application_key_key" ON "application"("key");

-- CreateIndex
CREATE INDEX "credential_application_id_idx" ON "credential"("application_id");

-- CreateIndex
CREATE INDEX "access_token_application_id_idx" ON "access_token"("application_id");

-- CreateIndex
CREATE INDEX "access_token_client_id_idx" ON "access_token"("client_id");

-- CreateIndex
CREATE INDEX "access_token_expires_time_idx" ON "access_token"("expires_time");

-- CreateIndex
CREATE INDEX "user_picture_file_id_idx" ON "user"("picture_file_id");

-- CreateIndex
CREATE INDEX "user_properties_idx" ON "user" USING GIN ("properties" jsonb_path_ops);

-- CreateIndex
CREATE INDEX "user_block_blocked_id_idx" ON "user_block"("blocked_id");

-- CreateIndex
CREATE UNIQUE INDEX "user_block_blocker_id_blocked_id_key" ON "user_block"("blocker_id", "blocked_id");

-- CreateIndex
CREATE INDEX "channel_application_id_created_time_idx" ON "channel"("application_id", "created_time");

-- CreateIndex
CREATE INDEX "channel_creator_id_idx" ON "channel"("creator_id");

-- CreateIndex
CREATE INDEX "channel_properties_idx" ON "channel" USING GIN ("properties" jsonb_path_ops);

-- CreateIndex
CREATE UNIQUE INDEX "channel_application_id_name_key" ON "channel"("application_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "channel_application_id_member_set_key" ON "channel"("application_id", "member_set");

-- CreateIndex
CREATE INDEX "channel_membership_user_id_channel_id_idx" ON "channel_membership"("user_id", "channel_id");

-- CreateIndex
CREATE INDEX "channel_invite_invitee_id_idx" ON "channel_invite"("invitee_id");

-- CreateIndex
CREATE INDEX "channel_invite_inviter_id_idx" ON "channel_invite"("inviter_id");

-- CreateIndex
CREATE UNIQUE INDEX "channel_invite_channel_id_invitee_id_key" ON "channel_invite"("channel_id", "invitee_id");

-- CreateIndex
CREATE INDEX "channel_block_user_id_idx" ON "channel_block"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "channel_block_channel_id_user_id_key" ON "channel_block"("channel_id", "user_id");

-- CreateIndex
CREATE INDEX "thread_channel_id_type_idx" ON "thread"("channel_id", "type");

-- CreateIndex
CREATE INDEX "message_channel_id_id_idx" ON "message"("channel_id", "id");

-- CreateIndex
CREATE INDEX "message_application_id_id_idx" ON "message"("application_id", "id");

-- CreateIndex
CREATE INDEX "message_user_id_id_idx" ON "message"("user_id", "id");

-- CreateIndex
CREATE INDEX "message_body_trgm" ON "message" USING GIN ("body" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "reaction_user_id_idx" ON "reaction"("user_id");

-- CreateIndex
CREATE INDEX "read_span_user_id_idx" ON "read_span"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "read_span_channel_id_user_id_from_id_key" ON "read_span"("channel_id", "user_id", "from_id");

-- CreateIndex
CREATE INDEX "message_report_user_id_idx" ON "message_report"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "message_report_message_id_user_id_key" ON "message_report"("message_id", "user_id");

-- CreateIndex
CREATE INDEX "notification_recipient_id_id_idx" ON "notification"("recipient_id", "id");

-- CreateIndex
CREATE INDEX "notification_mentioned_channel_id_idx" ON "notification"("mentioned_channel_id");

-- CreateIndex
CREATE UNIQUE INDEX "notification_message_id_recipient_id_type_key" ON "notification"("message_id", "recipient_id", "type");

-- CreateIndex
CREATE UNIQUE INDEX "user_session_key_key" ON "user_session"("key");

-- CreateIndex
CREATE INDEX "user_session_application_id_id_idx" ON "user_session"("application_id", "id");

-- CreateIndex
CREATE INDEX "user_session_user_id_state_idx" ON "user_session"("user_id", "state");

-- CreateIndex
CREATE INDEX "chat_session_session_id_idx" ON "chat_session"("session_id");

-- CreateIndex
CREATE INDEX "chat_session_channel_id_state_idx" ON "chat_session"("channel_id", "state");

-- CreateIndex
CREATE UNIQUE INDEX "file_key_key" ON "file"("key");

-- CreateIndex
CREATE INDEX "file_application_id_idx" ON "file"("application_id");

-- CreateIndex
CREATE INDEX "job_application_id_id_idx" ON "job"("application_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "runtime_application_id_type_key" ON "runtime"("application_id", "type");

-- CreateIndex
CREATE INDEX "function_application_id_type_idx" ON "function"("application_id", "type");

-- CreateIndex
CREATE INDEX "function_runtime_id_idx" ON "function"("runtime_id");

-- CreateIndex
CREATE UNIQUE INDEX "function_version_function_id_version_number_key" ON "function_version"("function_id", "version_number");

-- CreateIndex
CREATE INDEX "function_invocation_function_id_id_idx" ON "function_invocation"("function_id", "id");

-- CreateIndex
CREATE INDEX "function_invocation_created_time_idx" ON "function_invocation"("created_time");

-- CreateIndex
CREATE INDEX "outbox_event_channel_id_idx" ON "outbox_event"("channel_id");

-- CreateIndex
CREATE INDEX "outbox_event_application_id_idx" ON "outbox_event"("application_id");

-- AddForeignKey
ALTER TABLE "credential" ADD CONSTRAINT "credential_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_token" ADD CONSTRAINT "access_token_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_token" ADD CONSTRAINT "access_token_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "credential"("client_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user" ADD CONSTRAINT "user_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user" ADD CONSTRAINT "user_picture_file_id_fkey" FOREIGN KEY ("picture_file_id") REFERENCES "file"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_secret" ADD CONSTRAINT "user_secret_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_block" ADD CONSTRAINT "user_block_blocker_id_fkey" FOREIGN KEY ("blocker_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_block" ADD CONSTRAINT "user_block_blocked_id_fkey" FOREIGN KEY ("blocked_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel" ADD CONSTRAINT "channel_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel" ADD CONSTRAINT "channel_creator_id_fkey" FOREIGN KEY ("creator_id") REFERENCES "user"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_membership" ADD CONSTRAINT "channel_membership_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_membership" ADD CONSTRAINT "channel_membership_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_invite" ADD CONSTRAINT "channel_invite_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_invite" ADD CONSTRAINT "channel_invite_invitee_id_fkey" FOREIGN KEY ("invitee_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_invite" ADD CONSTRAINT "channel_invite_inviter_id_fkey" FOREIGN KEY ("inviter_id") REFERENCES "user"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_block" ADD CONSTRAINT "channel_block_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_block" ADD CONSTRAINT "channel_block_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "thread" ADD CONSTRAINT "thread_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_thread_id_fkey" FOREIGN KEY ("thread_id") REFERENCES "thread"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reaction" ADD CONSTRAINT "reaction_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "message"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reaction" ADD CONSTRAINT "reaction_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "read_span" ADD CONSTRAINT "read_span_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "read_span" ADD CONSTRAINT "read_span_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_report" ADD CONSTRAINT "message_report_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "message"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_report" ADD CONSTRAINT "message_report_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notification" ADD CONSTRAINT "notification_recipient_id_fkey" FOREIGN KEY ("recipient_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notification" ADD CONSTRAINT "notification_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "message"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notification" ADD CONSTRAINT "notification_mentioned_channel_id_fkey" FOREIGN KEY ("mentioned_channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_session" ADD CONSTRAINT "user_session_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_session" ADD CONSTRAINT "user_session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat_session" ADD CONSTRAINT "chat_session_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "user_session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat_session" ADD CONSTRAINT "chat_session_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "file" ADD CONSTRAINT "file_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job" ADD CONSTRAINT "job_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "runtime" ADD CONSTRAINT "runtime_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "function" ADD CONSTRAINT "function_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "function" ADD CONSTRAINT "function_runtime_id_fkey" FOREIGN KEY ("runtime_id") REFERENCES "runtime"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "function_version" ADD CONSTRAINT "function_version_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "function"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "function_invocation" ADD CONSTRAINT "function_invocation_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "function"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the schema language has no word for; see the head of schema.prisma.

-- A deleted user frees its name.
CREATE UNIQUE INDEX "user_name_key" ON "user" ("application_id", "name") WHERE "deleted_time" IS NULL;

-- Lists by name, whatever its case.
CREATE INDEX "user_name_order" ON "user" ("application_id", lower("name"), "id") WHERE "deleted_time" IS NULL;
CREATE INDEX "channel_name_order" ON "channel" ("application_id", lower("name"), "id");

CREATE INDEX "channel_membership_moderator" ON "channel_membership" ("channel_id", "user_id") WHERE "moderator";

CREATE INDEX "read_span_range" ON "read_span" USING GIST ("channel_id", int8range("from_id", "through_id", '[]'));

-- Reported messages are rare, and looked for by channel.
CREATE INDEX "message_reported" ON "message" ("channel_id", "id") WHERE "report_count" > 0;

-- Files to sweep are few.
CREATE INDEX "file_expiring" ON "file" ("expires_time") WHERE "expires_time" IS NOT NULL OR "application_id" IS NULL;

-- Threads other than a channel's main one are few; main messages pay nothing for this.
CREATE INDEX "message_thread" ON "message" ("thread_id", "id") WHERE "thread_id" IS NOT NULL;

-- A message has what its type says.
ALTER TABLE "message"
  ADD CONSTRAINT "message_has_author" CHECK (("type" IN ('TEXT', 'FILE')) = ("user_id" IS NOT NULL)),
  ADD CONSTRAINT "message_has_body" CHECK (("type" IN ('TEXT', 'SYSTEM_TEXT')) = ("body" IS NOT NULL)),
  ADD CONSTRAINT "message_has_file" CHECK (("type" IN ('FILE', 'SYSTEM_FILE')) = ("file" IS NOT NULL));

ALTER TABLE "channel"
  ADD CONSTRAINT "channel_member_set" CHECK (("type" = 'DIRECT') = ("member_set" IS NOT NULL));
