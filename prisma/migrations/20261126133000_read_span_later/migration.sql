-- AlterTable
ALTER TABLE "read_span" ADD COLUMN "later_ids" BIGINT[], ADD COLUMN "later_times" TIMESTAMPTZ(3)[];
