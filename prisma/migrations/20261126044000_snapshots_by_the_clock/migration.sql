-- AlterTable
ALTER TABLE "snapshot" ALTER COLUMN "created_time" SET DEFAULT chatterie_clock();
