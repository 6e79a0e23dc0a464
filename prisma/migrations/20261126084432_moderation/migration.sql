-- CreateEnum
CREATE TYPE "resolution" AS ENUM ('keep', 'delete');

-- CreateTable
CREATE TABLE "user_ban" (
    "user_id" BIGINT NOT NULL,
    "application_id" BIGINT NOT NULL,
    "reason" TEXT,
    "until" TIMESTAMPTZ(3),
    "created_by" TEXT NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),

    CONSTRAINT "user_ban_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "resolved_report" (
    "id" BIGINT NOT NULL,
    "application_id" BIGINT NOT NULL,
    "channel_id" BIGINT NOT NULL,
    "message_id" BIGINT NOT NULL,
    "author_id" BIGINT,
    "user_id" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "created_time" TIMESTAMPTZ(3) NOT NULL,
    "resolution" "resolution" NOT NULL,
    "resolved_by" TEXT NOT NULL,
    "resolved_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),

    CONSTRAINT "resolved_report_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "user_ban_application_id_created_time_idx" ON "user_ban"("application_id", "created_time");

-- CreateIndex
CREATE INDEX "resolved_report_application_id_id_idx" ON "resolved_report"("application_id", "id");

-- AddForeignKey
ALTER TABLE "user_ban" ADD CONSTRAINT "user_ban_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "resolved_report" ADD CONSTRAINT "resolved_report_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;
