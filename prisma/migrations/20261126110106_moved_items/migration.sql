-- CreateTable
CREATE TABLE "moved_item" (
    "application_id" BIGINT NOT NULL,
    "source" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "place" BIGINT NOT NULL DEFAULT 0,
    "parent_key" TEXT,
    "id" BIGINT,
    "digest" BYTEA NOT NULL,
    "content" JSONB,
    "pass" INTEGER NOT NULL,

    CONSTRAINT "moved_item_pkey" PRIMARY KEY ("application_id","source","kind","key")
);

-- AddForeignKey
ALTER TABLE "moved_item" ADD CONSTRAINT "moved_item_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What is yet to be written, in order
CREATE INDEX "moved_item_pending" ON "moved_item" ("application_id", "source", "kind", "place", "key") WHERE "content" IS NOT NULL;
