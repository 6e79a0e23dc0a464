-- DropIndex
DROP INDEX "user_display_name_trgm";

-- CreateIndex
CREATE INDEX "user_name_trgm" ON "user" USING GIN ("name" gin_trgm_ops, "display_name" gin_trgm_ops);
