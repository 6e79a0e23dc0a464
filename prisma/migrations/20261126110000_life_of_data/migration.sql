-- AlterEnum
ALTER TYPE "job_type" ADD VALUE 'PERSON_EXPORT';
ALTER TYPE "job_type" ADD VALUE 'PERSON_ERASURE';
ALTER TYPE "job_type" ADD VALUE 'CHANNEL_DELETION';
ALTER TYPE "job_type" ADD VALUE 'USER_DELETION';
ALTER TYPE "job_type" ADD VALUE 'RETENTION';

-- AlterTable
ALTER TABLE "application" ADD COLUMN     "messages_persisted" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "retention" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "retention_time" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "channel" ADD COLUMN     "active_time" TIMESTAMPTZ(3),
ADD COLUMN     "messages_persisted" BOOLEAN,
ADD COLUMN     "removed_from" BIGINT,
ALTER COLUMN "application_id" DROP NOT NULL;

-- CreateIndex
CREATE INDEX "webhook_delivery_channel_id_idx" ON "webhook_delivery"("channel_id");

-- Channels that were deleted and are not empty yet.
CREATE INDEX "channel_removed" ON "channel" ("id") WHERE "application_id" IS NULL;
