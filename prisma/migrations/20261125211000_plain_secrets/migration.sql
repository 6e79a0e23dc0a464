-- What is still to be sealed; see data/user-secrets.ts.
CREATE INDEX "user_secret_plain" ON "user_secret" ("user_id", "name") WHERE "secret" IS NOT NULL;
