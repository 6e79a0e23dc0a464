-- AlterTable
ALTER TABLE "application" ADD COLUMN     "closed_time" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "user_session" ADD COLUMN     "topics" JSONB,
ADD COLUMN     "vouched" BOOLEAN NOT NULL DEFAULT false;
