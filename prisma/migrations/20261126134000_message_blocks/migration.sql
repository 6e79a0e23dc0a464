-- CreateTable
CREATE TABLE "message_block" (
    "channel_id" BIGINT NOT NULL,
    "from_id" BIGINT NOT NULL,
    "through_id" BIGINT NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "message_block_pkey" PRIMARY KEY ("channel_id","from_id")
);

-- AddForeignKey
ALTER TABLE "message_block" ADD CONSTRAINT "message_block_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- DropIndex
DROP INDEX "message_user_id_id_idx";

-- CreateIndex
CREATE INDEX "message_user_id_id_channel_id_idx" ON "message"("user_id", "id", "channel_id");

-- Whoever deletes messages, by whatever way, takes them from their blocks. The lock keeps blocks from being counted
-- meanwhile; see src/data/messages/message-blocks.ts.
CREATE FUNCTION "leave_message_blocks"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('chatterie: message blocks'));
  UPDATE message_block b SET count = b.count - gone.count
  FROM (
    SELECT m.channel_id, b.from_id, count(*)::int AS count
    FROM deleted m CROSS JOIN LATERAL (
      SELECT b.from_id, b.through_id FROM message_block b
      WHERE b.channel_id = m.channel_id AND b.from_id <= m.id ORDER BY b.from_id DESC LIMIT 1
    ) b
    WHERE b.through_id >= m.id GROUP BY 1, 2
  ) gone
  WHERE b.channel_id = gone.channel_id AND b.from_id = gone.from_id;
  RETURN NULL;
END $$;

CREATE TRIGGER "message_leaves_blocks" AFTER DELETE ON "message"
  REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION "leave_message_blocks"();
