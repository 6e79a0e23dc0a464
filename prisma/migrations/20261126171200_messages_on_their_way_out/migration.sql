-- AlterTable
ALTER TABLE "channel" ADD COLUMN     "files_removed_through_id" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "removed_through_id" BIGINT NOT NULL DEFAULT 0;

-- Channels of which messages are withdrawn; see src/data/removal/kept-messages.ts.
CREATE INDEX "channel_withdrawn" ON "channel" ("application_id") WHERE "files_removed_through_id" > 0;
