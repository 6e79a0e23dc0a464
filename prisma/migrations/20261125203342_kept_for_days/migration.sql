-- CreateIndex
CREATE INDEX "idempotency_key_created_time_idx" ON "idempotency_key"("created_time");

-- What ended, in the order in which it is forgotten; see data/retention.ts.
CREATE INDEX "user_session_over" ON "user_session" ("end_time") WHERE "state" = 'ENDED';
CREATE INDEX "chat_session_ended" ON "chat_session" ("end_time") WHERE "state" = 'ENDED';
CREATE INDEX "job_ended" ON "job" ("ended_time") WHERE "state" IN ('FINISHED', 'FAILED');
