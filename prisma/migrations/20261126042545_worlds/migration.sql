-- CreateEnum
CREATE TYPE "strictness" AS ENUM ('LENIENT', 'STRICT');

-- CreateTable
CREATE TABLE "world" (
    "application_id" BIGINT NOT NULL,
    "client_secret" TEXT NOT NULL,
    "access_token" TEXT NOT NULL,
    "strictness" "strictness" NOT NULL DEFAULT 'LENIENT',
    "initial" TEXT,

    CONSTRAINT "world_pkey" PRIMARY KEY ("application_id")
);

-- CreateTable
CREATE TABLE "snapshot" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT,
    "name" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "snapshot_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "snapshot_application_id_idx" ON "snapshot"("application_id");

-- AddForeignKey
ALTER TABLE "world" ADD CONSTRAINT "world_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;
