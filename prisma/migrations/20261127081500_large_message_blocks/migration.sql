-- AlterTable
ALTER TABLE "message_block" ADD COLUMN "level" SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE "message_block" ALTER COLUMN "level" DROP DEFAULT;
ALTER TABLE "message_block" DROP CONSTRAINT "message_block_pkey",
  ADD CONSTRAINT "message_block_pkey" PRIMARY KEY ("channel_id", "level", "from_id");

-- Deletions that were counted in blocks before this point have ended: the table is locked.
INSERT INTO "message_block" ("channel_id", "level", "from_id", "through_id", "count")
SELECT "channel_id", 1, min("from_id"), max("through_id"), sum("count")
FROM (
  SELECT b.*, (row_number() OVER (PARTITION BY b."channel_id" ORDER BY b."from_id") - 1) / 64 AS nth
  FROM "message_block" b
) numbered
GROUP BY "channel_id", nth HAVING count(*) = 64;

-- As before, for the blocks of both levels. Blocks are locked in one order, because deletions in the same large block
-- have at least one of them in common.
CREATE OR REPLACE FUNCTION "leave_message_blocks"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('chatterie: message blocks'));
  WITH gone AS (
    SELECT m.channel_id, b.level, b.from_id, count(*)::int AS count
    FROM deleted m CROSS JOIN (VALUES (0::smallint), (1::smallint)) l (level) CROSS JOIN LATERAL (
      SELECT b.level, b.from_id, b.through_id FROM message_block b
      WHERE b.channel_id = m.channel_id AND b.level = l.level AND b.from_id <= m.id
      ORDER BY b.from_id DESC LIMIT 1
    ) b
    WHERE b.through_id >= m.id GROUP BY 1, 2, 3
  ), locked AS (
    SELECT b.channel_id, b.level, b.from_id, gone.count
    FROM message_block b JOIN gone USING (channel_id, level, from_id)
    ORDER BY 1, 2, 3 FOR UPDATE OF b
  )
  UPDATE message_block b SET count = b.count - locked.count FROM locked
  WHERE b.channel_id = locked.channel_id AND b.level = locked.level AND b.from_id = locked.from_id;
  RETURN NULL;
END $$;
