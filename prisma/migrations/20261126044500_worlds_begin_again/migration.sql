-- AlterTable
ALTER TABLE "world" ADD COLUMN     "written" TEXT[] DEFAULT ARRAY[]::TEXT[],
ALTER COLUMN "initial" SET NOT NULL;
