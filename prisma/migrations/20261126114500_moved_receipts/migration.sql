-- Receipts are written channel by channel
CREATE INDEX "moved_item_receipts" ON "moved_item" ("application_id", "source", (("content"->>'channel')), "place", "key") WHERE "kind" = 'receipts' AND "content" IS NOT NULL;
