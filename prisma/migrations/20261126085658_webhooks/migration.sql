-- CreateEnum
CREATE TYPE "delivery_state" AS ENUM ('PENDING', 'DELIVERED', 'FAILED');

-- CreateTable
CREATE TABLE "webhook" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "url" TEXT NOT NULL,
    "events" TEXT[],
    "description" TEXT,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "secret" BYTEA NOT NULL,
    "previous_secret" BYTEA,
    "previous_until" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),

    CONSTRAINT "webhook_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" BIGSERIAL NOT NULL,
    "webhook_id" BIGINT NOT NULL,
    "message_id" TEXT NOT NULL DEFAULT 'msg_' || replace(gen_random_uuid()::text, '-', ''),
    "type" TEXT NOT NULL,
    "channel_id" BIGINT,
    "payload" JSONB NOT NULL DEFAULT '{}',
    "body" TEXT,
    "state" "delivery_state" NOT NULL DEFAULT 'PENDING',
    "next_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),
    "attempts" JSONB NOT NULL DEFAULT '[]',
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),
    "end_time" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhook_application_id_idx" ON "webhook"("application_id");

-- CreateIndex
CREATE INDEX "webhook_delivery_webhook_id_id_idx" ON "webhook_delivery"("webhook_id", "id");

-- CreateIndex
CREATE INDEX "webhook_delivery_created_time_idx" ON "webhook_delivery"("created_time");

-- AddForeignKey
ALTER TABLE "webhook" ADD CONSTRAINT "webhook_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "webhook"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What is due.
CREATE INDEX "webhook_delivery_due" ON "webhook_delivery"("webhook_id", "next_time", "id") WHERE "state" = 'PENDING';
