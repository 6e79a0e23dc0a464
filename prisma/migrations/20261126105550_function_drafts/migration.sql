-- AlterTable
ALTER TABLE "function" ADD COLUMN     "draft" TEXT,
ADD COLUMN     "draft_time" TIMESTAMPTZ(3);
