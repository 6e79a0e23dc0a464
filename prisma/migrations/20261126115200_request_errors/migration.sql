-- AlterTable
ALTER TABLE "request_hour" ADD COLUMN     "errors" BIGINT NOT NULL DEFAULT 0;
