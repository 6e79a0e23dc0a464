-- AlterTable
ALTER TABLE "function_invocation" ADD COLUMN     "node" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "runtime" ADD COLUMN     "revision" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "function_run" (
    "id" BIGSERIAL NOT NULL,
    "application_id" BIGINT NOT NULL,
    "function_id" BIGINT NOT NULL,
    "channel_id" BIGINT,
    "payload" JSONB NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "node" BIGINT,

    CONSTRAINT "function_run_pkey" PRIMARY KEY ("id")
);

-- What waits, by application and time, and what is under way; see data/function-runs.ts.
CREATE INDEX "function_run_waiting" ON "function_run" ("application_id", "due_time", "id") WHERE "node" IS NULL;
CREATE INDEX "function_run_taken" ON "function_run" ("node") WHERE "node" IS NOT NULL;
CREATE INDEX "function_invocation_running" ON "function_invocation" ("node") WHERE "status" = 'RUNNING';

-- How many invocations a function has.
INSERT INTO "counter" ("scope", "scope_id", "value")
SELECT 'function.invocations', "function_id", count(*) FROM "function_invocation" GROUP BY "function_id";
