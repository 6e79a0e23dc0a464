-- AlterTable
ALTER TABLE "credential" ADD COLUMN     "previous_secret_hash" TEXT,
ADD COLUMN     "previous_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "user_secret" ADD COLUMN     "sealed" BYTEA,
ALTER COLUMN "secret" DROP NOT NULL;

-- CreateTable
CREATE TABLE "encryption_key" (
    "id" TEXT NOT NULL,
    "proof" BYTEA NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "encryption_key_pkey" PRIMARY KEY ("id")
);
