-- CreateTable
CREATE TABLE "large_message_block" (
    "channel_id" BIGINT NOT NULL,
    "from_id" BIGINT NOT NULL,
    "through_id" BIGINT NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "large_message_block_pkey" PRIMARY KEY ("channel_id","from_id")
);

-- AddForeignKey
ALTER TABLE "large_message_block" ADD CONSTRAINT "large_message_block_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Takes deleted messages from the large blocks, too. Blocks are locked in one order, because deletions in the same large
-- block have at least one of them in common.
CREATE OR REPLACE FUNCTION "leave_message_blocks"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('chatterie: message blocks'));
  WITH gone AS (
    SELECT m.channel_id, b.from_id, count(*)::int AS count
    FROM deleted m CROSS JOIN LATERAL (
      SELECT b.from_id, b.through_id FROM message_block b
      WHERE b.channel_id = m.channel_id AND b.from_id <= m.id ORDER BY b.from_id DESC LIMIT 1
    ) b
    WHERE b.through_id >= m.id GROUP BY 1, 2
  ), locked AS (
    SELECT b.channel_id, b.from_id, gone.count FROM message_block b JOIN gone USING (channel_id, from_id)
    ORDER BY 1, 2 FOR UPDATE OF b
  )
  UPDATE message_block b SET count = b.count - locked.count FROM locked
  WHERE b.channel_id = locked.channel_id AND b.from_id = locked.from_id;
  WITH gone AS (
    SELECT m.channel_id, b.from_id, count(*)::int AS count
    FROM deleted m CROSS JOIN LATERAL (
      SELECT b.from_id, b.through_id FROM large_message_block b
      WHERE b.channel_id = m.channel_id AND b.from_id <= m.id ORDER BY b.from_id DESC LIMIT 1
    ) b
    WHERE b.through_id >= m.id GROUP BY 1, 2
  ), locked AS (
    SELECT b.channel_id, b.from_id, gone.count FROM large_message_block b JOIN gone USING (channel_id, from_id)
    ORDER BY 1, 2 FOR UPDATE OF b
  )
  UPDATE large_message_block b SET count = b.count - locked.count FROM locked
  WHERE b.channel_id = locked.channel_id AND b.from_id = locked.from_id;
  RETURN NULL;
END $$;

-- No deletion that uses the former function is under way when blocks are counted as large ones.
LOCK TABLE "message", "message_block" IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO "large_message_block" ("channel_id", "from_id", "through_id", "count")
SELECT "channel_id", min("from_id"), max("through_id"), sum("count")
FROM (
  SELECT b.*, (row_number() OVER (PARTITION BY b."channel_id" ORDER BY b."from_id") - 1) / 64 AS nth
  FROM "message_block" b
) numbered
GROUP BY "channel_id", nth HAVING count(*) = 64;
