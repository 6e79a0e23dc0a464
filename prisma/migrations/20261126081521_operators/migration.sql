-- CreateEnum
CREATE TYPE "operator_role" AS ENUM ('viewer', 'moderator', 'developer', 'owner');

-- CreateEnum
CREATE TYPE "actor_type" AS ENUM ('operator', 'key', 'application', 'user', 'command_line', 'system');

-- CreateTable
CREATE TABLE "operator" (
    "id" BIGSERIAL NOT NULL,
    "username" TEXT NOT NULL,
    "password_hash" TEXT,
    "issuer" TEXT,
    "subject" TEXT,
    "role" "operator_role" NOT NULL,
    "application_ids" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "last_sign_in_time" TIMESTAMPTZ(3),
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),

    CONSTRAINT "operator_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operator_session" (
    "hash" BYTEA NOT NULL,
    "operator_id" BIGINT NOT NULL,
    "expires_time" TIMESTAMPTZ(3) NOT NULL,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),

    CONSTRAINT "operator_session_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "admin_key" (
    "id" BIGSERIAL NOT NULL,
    "hash" BYTEA NOT NULL,
    "name" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "role" "operator_role" NOT NULL,
    "application_ids" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "created_by" TEXT NOT NULL,
    "expires_time" TIMESTAMPTZ(3),
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),

    CONSTRAINT "admin_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT,
    "actor_type" "actor_type" NOT NULL,
    "actor_id" BIGINT,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target_type" TEXT,
    "target_id" TEXT,
    "details" JSONB NOT NULL DEFAULT '{}',
    "address" TEXT,
    "created_time" TIMESTAMPTZ(3) NOT NULL DEFAULT chatterie_clock(),

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "operator_username_key" ON "operator"("username");

-- CreateIndex
CREATE UNIQUE INDEX "operator_issuer_subject_key" ON "operator"("issuer", "subject");

-- CreateIndex
CREATE INDEX "operator_session_operator_id_idx" ON "operator_session"("operator_id");

-- CreateIndex
CREATE INDEX "operator_session_expires_time_idx" ON "operator_session"("expires_time");

-- CreateIndex
CREATE UNIQUE INDEX "admin_key_hash_key" ON "admin_key"("hash");

-- CreateIndex
CREATE INDEX "audit_entry_application_id_id_idx" ON "audit_entry"("application_id", "id");

-- CreateIndex
CREATE INDEX "audit_entry_created_time_idx" ON "audit_entry"("created_time");

-- AddForeignKey
ALTER TABLE "operator_session" ADD CONSTRAINT "operator_session_operator_id_fkey" FOREIGN KEY ("operator_id") REFERENCES "operator"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON "audit_entry"
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
